//! Measures what users wait for: `helm repo update` and `helm search repo`.

use crate::Result;
use crate::helm::Helm;
use crate::indexes::Indexes;
use crate::process::{Samples, measure};
use crate::programs::Programs;
use crate::server::Server;
use crate::table::{Row, Target, Value, count};

const COMMANDS: [(&str, &[&str]); 2] = [
    ("repo update", &["repo", "update"]),
    ("search repo", &["search", "repo", "database"]),
];

/// The rows of both Helms.
pub(crate) fn rows(programs: &Programs, indexes: &Indexes, rounds: usize) -> Result<Vec<Row>> {
    let ours = Server::start(std::fs::read(&indexes.ours)?)?;
    let theirs = Server::start(std::fs::read(&indexes.yaml)?)?;
    let mut rows = Vec::new();
    for helm in [&programs.helm3, &programs.helm4] {
        let ours = Client::new(helm, &ours)?;
        let theirs = Client::new(helm, &theirs)?;
        for (name, command) in COMMANDS {
            let (mut with_ours, mut with_theirs) = (Samples::default(), Samples::default());
            for round in 1..=rounds {
                eprintln!("{} {name}: round {round} of {rounds}", helm.label);
                with_theirs.add(measure(&theirs.helm.command(command))?);
                with_ours.add(measure(&ours.helm.command(command))?);
            }
            let work = format!(
                "`{name}` of {}, {} versions",
                helm.label,
                count(indexes.repository.versions)
            );
            rows.extend(rows_of(&work, &with_theirs, &with_ours));
        }
        check(&ours.helm, &theirs.helm)?;
    }
    Ok(rows)
}

/// Checks that both forms show the same charts, and at least one.
fn check(ours: &Helm, theirs: &Helm) -> Result<()> {
    let [_, (_, search)] = COMMANDS;
    let found = ours.run(search)?;
    if !found.contains("demo/") {
        return Err(format!("{}, {search:?} finds nothing in our form", ours.label).into());
    }
    if found != theirs.run(search)? {
        return Err(format!("{} finds other charts in our form than in the YAML of Helm", ours.label).into());
    }
    Ok(())
}

fn rows_of(work: &str, theirs: &Samples, ours: &Samples) -> [Row; 2] {
    [
        Row {
            work: format!("{work}: time"),
            beside: ("YAML", Value::Seconds(theirs.seconds())),
            ours: Value::Seconds(ours.seconds()),
            target: Target::Faster(3.5),
        },
        Row {
            work: format!("{work}: memory"),
            beside: ("YAML", Value::Mebibytes(theirs.mebibytes())),
            ours: Value::Mebibytes(ours.mebibytes()),
            target: Target::Less(2.5),
        },
    ]
}

/// A Helm with one repository added.
struct Client {
    helm: Helm,
}

impl Client {
    fn new(helm: &Helm, server: &Server) -> Result<Self> {
        let helm = helm.with_new_home()?;
        helm.run(&["repo", "add", "demo", &server.url])?;
        Ok(Client { helm })
    }
}
