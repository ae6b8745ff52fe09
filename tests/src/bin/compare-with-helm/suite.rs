//! The comparisons, with their sizes and rounds, in full and in a short form for CI.

use crate::Result;
use crate::charts::Repository;
use crate::indexes::Indexes;
use crate::merges::{Merge, Merged};
use crate::programs::Programs;
use crate::table::{Row, Table, Target, Value, count};
use crate::{clients, other_layouts};

/// The size for most targets.
const TYPICAL: usize = 20_000;
/// The size at which Chartdrop's time may be six times that of [`TYPICAL`].
const LARGE: usize = 100_000;

/// The sizes and rounds of a run.
pub(crate) struct Suite {
    /// Rounds of Helm at the typical size.
    rounds: usize,
    /// Other sizes, with the rounds of each.
    sizes: &'static [(usize, usize)],
    /// The number of versions in a repository with only one chart.
    one_chart: usize,
    /// The target for that repository: Helm's time grows with the square of the versions,
    /// Chartdrop's does not.
    one_chart_target: f64,
    one_chart_rounds: usize,
    slow_rounds: usize,
    client_rounds: usize,
}

impl Suite {
    pub(crate) fn full() -> Self {
        Suite {
            rounds: 5,
            sizes: &[(100, 7), (1_000, 7), (5_000, 5), (LARGE, 3)],
            one_chart: 5_000,
            one_chart_target: 500.0,
            one_chart_rounds: 3,
            slow_rounds: 3,
            client_rounds: 5,
        }
    }

    pub(crate) fn short() -> Self {
        Suite {
            rounds: 1,
            sizes: &[(1_000, 3)],
            one_chart: 2_500,
            one_chart_target: 250.0,
            one_chart_rounds: 1,
            slow_rounds: 1,
            client_rounds: 2,
        }
    }

    /// Whether this is the form for CI.
    pub(crate) fn is_short(&self) -> bool {
        self.sizes.iter().all(|(versions, _)| *versions != LARGE)
    }

    pub(crate) fn run(&self, programs: &Programs) -> Result<Table> {
        let typical = Indexes::build(&programs.helm4, Repository::with_versions(TYPICAL))?;
        let yaml = Merge::yaml(&typical, self.rounds).run(programs)?;
        let json = Merge::json(&typical, self.rounds).run(programs)?;
        let mut rows = Vec::new();
        rows.extend(against_helm("20,000 versions, YAML", &yaml, 150.0, Some(25.0)));
        rows.extend(against_helm("20,000 versions, JSON", &json, 60.0, Some(1.0)));
        rows.extend(against_the_limit("20,000 versions, YAML", &yaml));
        rows.extend(against_the_limit("20,000 versions, JSON", &json));
        rows.extend(self.other_sizes(programs, &yaml, &json)?);
        rows.extend(self.one_chart(programs)?);
        rows.extend(self.other_layouts(programs, &typical)?);
        rows.extend(clients::rows(programs, &typical, self.client_rounds)?);
        Ok(Table(rows))
    }

    fn other_sizes(&self, programs: &Programs, yaml: &Merged, json: &Merged) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        for &(versions, rounds) in self.sizes {
            let indexes = Indexes::build(&programs.helm4, Repository::with_versions(versions))?;
            let typical = [("YAML", yaml), ("JSON", json)];
            let merges = [Merge::yaml(&indexes, rounds), Merge::json(&indexes, rounds)];
            for ((form, typical), merge) in typical.into_iter().zip(merges) {
                let merged = merge.run(programs)?;
                rows.extend(against_helm(
                    &format!("{} versions, {form}", count(versions)),
                    &merged,
                    1.0,
                    None,
                ));
                if versions == LARGE {
                    rows.push(growth(form, typical, &merged));
                }
            }
        }
        Ok(rows)
    }

    fn one_chart(&self, programs: &Programs) -> Result<Vec<Row>> {
        let indexes = Indexes::build(&programs.helm4, Repository::of_one_chart(self.one_chart))?;
        let mut rows = Vec::new();
        for (form, merge) in [
            ("YAML", Merge::yaml(&indexes, self.one_chart_rounds)),
            ("JSON", Merge::json(&indexes, self.one_chart_rounds)),
        ] {
            let work = format!("one chart with {} versions, {form}", count(self.one_chart));
            rows.extend(against_helm(&work, &merge.run(programs)?, self.one_chart_target, None));
        }
        Ok(rows)
    }

    fn other_layouts(&self, programs: &Programs, typical: &Indexes) -> Result<Vec<Row>> {
        let indented = other_layouts::indent(typical)?;
        let yaml = other_layouts::yaml(typical, &indented, self.slow_rounds).run(programs)?;
        let json = other_layouts::json(typical, self.slow_rounds).run(programs)?;
        let mut rows = against_helm("20,000 versions, YAML indented otherwise", &yaml, 4.0, Some(1.0));
        rows.extend(against_helm(
            "20,000 versions, pretty-printed JSON",
            &json,
            4.0,
            Some(1.0),
        ));
        Ok(rows)
    }
}

fn against_helm(work: &str, merged: &Merged, faster: f64, less: Option<f64>) -> Vec<Row> {
    let time = Row {
        work: format!("{work}: time"),
        beside: ("Helm", Value::Seconds(merged.helm.seconds())),
        ours: Value::Seconds(merged.ours.seconds()),
        target: Target::Faster(faster),
    };
    let memory = less.map(|less| Row {
        work: format!("{work}: memory"),
        beside: ("Helm", Value::Mebibytes(merged.helm.mebibytes())),
        ours: Value::Mebibytes(merged.ours.mebibytes()),
        target: Target::Less(less),
    });
    std::iter::once(time).chain(memory).collect()
}

/// Compares with the physical limits: no program can write a new index faster than a copy, or with
/// less memory than the index has.
fn against_the_limit(work: &str, merged: &Merged) -> [Row; 2] {
    [
        Row {
            work: format!("{work}: time"),
            beside: ("`cp`", Value::Seconds(merged.cp.seconds())),
            ours: Value::Seconds(merged.ours.seconds()),
            target: Target::AtMost(3.0),
        },
        Row {
            work: format!("{work}: memory"),
            beside: (
                "1.2 × the index + 10 MiB:",
                Value::Mebibytes(1.2 * merged.index_size + 10.0),
            ),
            ours: Value::Mebibytes(merged.ours.mebibytes()),
            target: Target::AtMost(1.0),
        },
    ]
}

fn growth(form: &str, typical: &Merged, large: &Merged) -> Row {
    Row {
        work: format!("from 20,000 to 100,000 versions, {form}: time"),
        beside: ("20,000:", Value::Seconds(typical.ours.seconds())),
        ours: Value::Seconds(large.ours.seconds()),
        target: Target::AtMost(6.0),
    }
}
