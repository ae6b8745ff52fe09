//! The order of versions, so that all clients agree which is the newest.
//!
//! Precedence decides first. Versions that differ only in build metadata have the same precedence.
//! Then clients use the one that is listed first (Helm, Argo CD) or the one that was created last
//! (Flux:
//! <https://github.com/fluxcd/source-controller/blob/main/internal/helm/repository/chart_repository.go>).
//! So the list is ordered by `created`, and new entries of one chart never have the same time.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::entry::Created;
use super::item;
use super::layout::Layout;
use crate::chart::Version;

/// The distance between two times: shorter than between two writes, and as precise as the databases
/// of clients.
const STEP: SignedDuration = SignedDuration::from_micros(1);

/// What decides the position of a version.
pub(super) struct Rank<'a> {
    version: Option<Version>,
    text: Option<&'a str>,
    created: Said<'a>,
}

/// When a version was created.
enum Said<'a> {
    At(Timestamp),
    /// As this version's text says; few are ever parsed.
    In(Layout, &'a [u8]),
}

impl<'a> Rank<'a> {
    /// The rank of a listed version.
    pub(super) fn of_listed(version: Option<&'a str>, layout: Layout, item: &'a [u8]) -> Self {
        Rank::new(version, Said::In(layout, item))
    }

    /// The rank of a version to be listed.
    pub(super) fn of_new(version: &'a str, created: Timestamp) -> Self {
        Rank::new(Some(version), Said::At(created))
    }

    fn new(text: Option<&'a str>, created: Said<'a>) -> Self {
        Rank {
            version: text.and_then(|text| Version::parse(text).ok()),
            text,
            created,
        }
    }

    /// When it was created, if known.
    pub(super) fn created(&self) -> Option<Timestamp> {
        match &self.created {
            Said::At(time) => Some(*time),
            Said::In(layout, item) => item::created(*layout, item),
        }
    }

    /// Newest first. A version without a time comes after those with one; a text that is not a
    /// version comes last, as Helm sorts it.
    pub(super) fn cmp_newest_first(&self, other: &Rank<'_>) -> Ordering {
        match (&self.version, &other.version) {
            (Some(own), Some(others)) => others
                .cmp_precedence(own)
                .then_with(|| other.created().cmp(&self.created()))
                .then_with(|| others.cmp_text(own)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.text.cmp(&other.text),
        }
    }

    /// Lowest precedence first, whatever the time.
    fn cmp_precedence(&self, other: &Rank<'_>) -> Ordering {
        match (&self.version, &other.version) {
            (Some(own), Some(others)) => own.cmp_precedence(others),
            (own, others) => own.is_some().cmp(&others.is_some()),
        }
    }

    fn cmp_text(&self, other: &Rank<'_>) -> Ordering {
        match (&self.version, &other.version) {
            (Some(own), Some(others)) => own.cmp_text(others),
            _ => self.text.cmp(&other.text),
        }
    }
}

/// A new version and its time.
pub(super) trait Newcomer {
    fn rank(&self) -> &Rank<'_>;
    fn created(&self) -> &Created;
}

/// Assigns times to new versions of one chart. Versions with the same time get increasing ones in
/// the order of precedence, then of their uploads, then of the numbers in their texts. A time from
/// an earlier entry stays, and no other version of the same precedence gets it.
pub(super) fn times<N: Newcomer>(new: &[N], listed: &[Rank<'_>]) -> Vec<Timestamp> {
    let mut order: Vec<(usize, &N)> = new.iter().enumerate().collect();
    order.sort_by(|(_, a), (_, b)| oldest_first(*a, *b));
    let mut taken = taken(new, listed);
    let mut times: Vec<Timestamp> = new.iter().map(|new| new.created().time()).collect();
    let mut last: Option<Timestamp> = None;
    for (at, new) in order.into_iter().filter(|(_, new)| !new.created().is_kept()) {
        let mut time = new.created().time();
        if let Some(last) = last.filter(|last| time <= *last) {
            time = later(last);
        }
        while taken.contains(&time) && time < Timestamp::MAX {
            time = later(time);
        }
        taken.insert(time);
        last = Some(time);
        if let Some(place) = times.get_mut(at) {
            *place = time;
        }
    }
    times
}

fn later(time: Timestamp) -> Timestamp {
    time.saturating_add(STEP).unwrap_or(time)
}

fn oldest_first<N: Newcomer>(a: &N, b: &N) -> Ordering {
    a.created()
        .time()
        .cmp(&b.created().time())
        .then_with(|| a.rank().cmp_precedence(b.rank()))
        .then_with(|| a.created().uploaded().cmp(&b.created().uploaded()))
        .then_with(|| a.rank().cmp_text(b.rank()))
}

/// Times that are already taken: those of new versions that must not change, and those of listed
/// versions with the precedence of a new one.
fn taken<N: Newcomer>(new: &[N], listed: &[Rank<'_>]) -> BTreeSet<Timestamp> {
    let mut sorted: Vec<&Rank<'_>> = new.iter().map(Newcomer::rank).collect();
    sorted.sort_by(|a, b| a.cmp_precedence(b));
    let ties = listed
        .iter()
        .filter(|listed| sorted.binary_search_by(|new| new.cmp_precedence(listed)).is_ok());
    let kept = new.iter().map(Newcomer::created).filter(|created| created.is_kept());
    let kept = kept.map(Created::time);
    ties.filter_map(|listed| listed.created()).chain(kept).collect()
}
