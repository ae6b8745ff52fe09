//! The image gate: a chart is published only when every image that it names exists for every
//! platform.
//!
//! A registry that does not answer proves nothing about an image, so the upload is held for as long
//! as that lasts. A missing image holds the upload for up to `IMAGE_WAIT`, because the workflow
//! that builds it may still be running.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::verdict::Verdict;
use crate::archive::Archive;
use crate::brief;
use crate::chart::Values;
use crate::image::{self, ImageCheck, Platform, Reference};
use crate::publish::prepare::upload::Upload;
use crate::publish::{PublishError, Publisher, Reason, Wait};
use crate::registry::{Found, RegistryError};
use crate::secret::Login;
use crate::sync::lock;

/// With `IMAGE_CHECK=require`, a chart that names more images is rejected.
const MAX_IMAGES: usize = 50;
/// How long a known image is not queried again: the charts of a burst name the same images.
const FOUND_IMAGE_TTL: Duration = Duration::from_secs(60);
/// How many known images are remembered.
const MAX_REMEMBERED_IMAGES: usize = 1_000;
/// How long a registry without an answer is not queried again.
const SILENT_REGISTRY_BACKOFF: Duration = Duration::from_secs(60);
/// The time limit for all images of one chart: an invocation has a minute for all of its charts.
const IMAGES_TIMEOUT: Duration = Duration::from_secs(25);

/// The state of an image.
#[derive(Debug, Clone)]
enum Answer {
    /// The answer of its registry.
    Found(Found),
    /// The registry did not answer.
    Silent(RegistryError),
}

impl From<Result<Found, RegistryError>> for Answer {
    fn from(answer: Result<Found, RegistryError>) -> Self {
        match answer {
            Ok(found) => Self::Found(found),
            Err(error) => Self::Silent(error),
        }
    }
}

/// What registries have answered recently.
#[derive(Debug, Default)]
pub(crate) struct Images {
    seen: Mutex<HashMap<Reference, (Instant, Found)>>,
    silent: Mutex<HashMap<String, (Instant, RegistryError)>>,
}

impl Images {
    fn remembered(&self, image: &Reference) -> Option<Answer> {
        let seen = lock(&self.seen);
        if let Some((_, found)) = seen.get(image).filter(|(at, _)| at.elapsed() < FOUND_IMAGE_TTL) {
            return Some(Answer::Found(found.clone()));
        }
        let silent = lock(&self.silent);
        let (_, error) = silent
            .get(image.host())
            .filter(|(at, _)| at.elapsed() < SILENT_REGISTRY_BACKOFF)?;
        Some(Answer::Silent(error.clone()))
    }

    fn remember(&self, image: &Reference, answer: &Answer, is_enough: bool) {
        match answer {
            Answer::Found(found) if is_enough => {
                let mut seen = lock(&self.seen);
                if seen.len() > MAX_REMEMBERED_IMAGES {
                    seen.clear();
                }
                seen.insert(image.clone(), (Instant::now(), found.clone()));
            }
            Answer::Found(_) => {}
            Answer::Silent(error) => {
                let mut silent = lock(&self.silent);
                silent.insert(image.host().to_owned(), (Instant::now(), error.clone()));
            }
        }
    }
}

/// What keeps a chart from passing: what may still come, and what waiting cannot change.
#[derive(Debug, Default)]
struct Problems {
    wrong: Vec<String>,
    missing: Vec<String>,
    silent: Vec<String>,
}

impl Publisher {
    /// Queries the images of an upload. It passes with the warnings for its packager.
    pub(in crate::publish) async fn check_images(
        &self,
        upload: &Upload,
        archive: &Archive,
        values: &Values,
    ) -> Result<Verdict<Vec<String>>, PublishError> {
        let check = self.settings.image_check;
        if check == ImageCheck::Off {
            return Ok(Verdict::Pass(Vec::new()));
        }
        let problems = tokio::time::timeout(IMAGES_TIMEOUT, self.image_problems(archive, values)).await;
        let problems = problems.unwrap_or_else(|_| {
            Ok(Problems {
                silent: vec!["the registries took too long to answer for all images".to_owned()],
                ..Problems::default()
            })
        })?;
        let Problems { wrong, missing, silent } = problems;
        if check == ImageCheck::Warn {
            let all = [wrong, missing, silent].concat();
            return Ok(Verdict::Pass(
                all.into_iter().map(|problem| format!("images: {problem}")).collect(),
            ));
        }
        let wait = self.settings.image_wait;
        let until = upload.uploaded + wait;
        let is_over = (self.clock)() >= until;
        Ok(if !wrong.is_empty() {
            Verdict::Reject(Reason::Images { problems: wrong })
        } else if !silent.is_empty() {
            // Whether a missing image is still missing is unknown now.
            Verdict::Hold(Wait::SilentRegistry { problems: silent })
        } else if missing.is_empty() {
            Verdict::Pass(Vec::new())
        } else if is_over {
            Verdict::Reject(Reason::NoImage { problems: missing })
        } else {
            Verdict::Hold(Wait::Images {
                problems: missing,
                until,
            })
        })
    }

    async fn image_problems(&self, archive: &Archive, values: &Values) -> Result<Problems, PublishError> {
        let mut problems = Problems::default();
        let values = match values.read() {
            Ok(values) => values,
            Err(error) => {
                problems.wrong.push(error.to_string());
                return Ok(problems);
            }
        };
        let collected = image::collect(&archive.metadata, values);
        problems.wrong.extend(collected.wrong.iter().map(ToString::to_string));
        problems
            .wrong
            .extend(collected.annotation.map(|error| error.to_string()));
        let completed = collected.unknown.iter();
        problems
            .wrong
            .extend(completed.map(|name| format!("{name:?} is templated, so the image cannot be determined")));
        if collected.images.len() > MAX_IMAGES {
            let count = collected.images.len();
            problems
                .wrong
                .push(format!("the chart names {count} images; the limit is {MAX_IMAGES}"));
            return Ok(problems);
        }
        for image in &collected.images {
            let host = image.host();
            if !self.settings.image_registries.iter().any(|allowed| allowed == host) {
                problems.wrong.push(format!(
                    "{image} is in {host}, which IMAGE_REGISTRIES does not allow. Ask the operator to add it, or use another registry"
                ));
                continue;
            }
            match self.find_image(image).await? {
                Answer::Silent(error) => problems.silent.push(format!("{image}: {error}")),
                Answer::Found(found) => problems.missing.extend(self.missing(image, &found)),
            }
        }
        Ok(problems)
    }

    async fn find_image(&self, image: &Reference) -> Result<Answer, PublishError> {
        if let Some(remembered) = self.images.remembered(image) {
            return Ok(remembered);
        }
        let is_rejected = |found: &Result<Found, RegistryError>| matches!(found, Ok(Found::Denied));
        let ask = async |login: Option<&Login>| self.http.find(image, login).await;
        let answer = Answer::from(self.with_login(image.host(), ask, is_rejected).await?);
        let is_enough = match &answer {
            Answer::Found(found) => self.missing(image, found).is_none(),
            Answer::Silent(_) => false,
        };
        self.images.remember(image, &answer, is_enough);
        Ok(answer)
    }

    /// Describes what is missing of an image.
    fn missing(&self, image: &Reference, found: &Found) -> Option<String> {
        let there = match found {
            Found::Missing => return Some(format!("{image} does not exist")),
            Found::Denied => {
                let host = image.host();
                return Some(format!(
                    "{image} cannot be accessed: it does not exist, or it is private and the secret has no registries.{host}"
                ));
            }
            Found::Platforms(there) => there,
        };
        let wanted = &self.settings.image_platforms;
        let missing: Vec<&Platform> = wanted
            .iter()
            .filter(|wanted| !there.iter().any(|there| wanted.is_served_by(there)))
            .collect();
        (!missing.is_empty()).then(|| format!("{image} exists for {}, but not for {}", list(there), list(missing)))
    }
}

/// The most problems that a message names, and the longest of them in bytes; the others are
/// counted.
const MAX_NAMED_PROBLEMS: usize = 10;
const MAX_PROBLEM_BYTES: usize = 350;

/// The problems of a chart's images, for a message.
pub(in crate::publish) fn in_one_line(problems: &[String]) -> String {
    brief::list(problems, MAX_NAMED_PROBLEMS, MAX_PROBLEM_BYTES)
}

fn list(platforms: impl IntoIterator<Item = impl ToString>) -> String {
    let platforms: Vec<String> = platforms.into_iter().map(|platform| platform.to_string()).collect();
    if platforms.is_empty() {
        return "no platform".to_owned();
    }
    platforms.join(", ")
}
