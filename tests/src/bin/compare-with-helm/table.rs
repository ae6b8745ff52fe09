//! The table of results and targets.

use std::fmt;

/// A measured value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Value {
    Seconds(f64),
    Mebibytes(f64),
}

/// The target for a ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// At least this many times faster than the other program.
    Faster(f64),
    /// At most one divided by this number of the other program's memory.
    Less(f64),
    /// At most this many times the value of the other program.
    AtMost(f64),
}

/// One row of the table.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) work: String,
    /// The other program and its value.
    pub(crate) beside: (&'static str, Value),
    pub(crate) ours: Value,
    pub(crate) target: Target,
}

/// All rows of the table.
#[derive(Debug, Default)]
pub(crate) struct Table(pub(crate) Vec<Row>);

impl Table {
    pub(crate) fn to_markdown(&self) -> String {
        let head = "| work | beside | Chartdrop | ratio | target | |\n| --- | --- | --- | --- | --- | --- |\n";
        self.0
            .iter()
            .fold(head.to_owned(), |text, row| text + &row.to_markdown())
    }

    /// The rows that are below half of their target.
    pub(crate) fn far_off(&self) -> Vec<String> {
        let far_off = self.0.iter().filter(|row| row.score() < 0.5 || row.score().is_nan());
        far_off
            .map(|row| format!("{}: {}, target {}", row.work, row.ratio_text(), row.target))
            .collect()
    }
}

impl Row {
    fn to_markdown(&self) -> String {
        let (name, beside) = self.beside;
        let met = if self.score() >= 1.0 { "met" } else { "**MISSED**" };
        let ratio = self.ratio_text();
        format!(
            "| {} | {name} {beside} | {} | {ratio} | {} | {met} |\n",
            self.work, self.ours, self.target
        )
    }

    /// Chartdrop's value divided by that of the other program.
    fn ratio(&self) -> f64 {
        self.ours.number() / self.beside.1.number()
    }

    /// 1 or more if the target is met.
    fn score(&self) -> f64 {
        match self.target {
            Target::Faster(times) | Target::Less(times) => 1.0 / self.ratio() / times,
            Target::AtMost(times) => times / self.ratio(),
        }
    }

    fn ratio_text(&self) -> String {
        let ratio = self.ratio();
        match self.target {
            Target::Faster(_) => format!("{} × faster", short(1.0 / ratio)),
            Target::Less(_) => format!("1/{}", short(1.0 / ratio)),
            Target::AtMost(_) => format!("{} ×", short(ratio)),
        }
    }
}

impl Value {
    fn number(self) -> f64 {
        match self {
            Value::Seconds(number) | Value::Mebibytes(number) => number,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Value::Seconds(seconds) if seconds < 1.0 => write!(f, "{} ms", short(1000.0 * seconds)),
            Value::Seconds(seconds) => write!(f, "{} s", short(seconds)),
            Value::Mebibytes(mebibytes) => write!(f, "{} MiB", short(mebibytes)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Target::Faster(1.0) => f.write_str("faster"),
            Target::Faster(times) => write!(f, "at least {times} × faster"),
            Target::Less(1.0) => f.write_str("less"),
            Target::Less(2.5) => f.write_str("at most 2/5"),
            Target::Less(times) => write!(f, "at most 1/{times}"),
            Target::AtMost(times) => write!(f, "at most {times} ×"),
        }
    }
}

/// A number such as `20,000`.
pub(crate) fn count(number: usize) -> String {
    match (number / 1_000, number % 1_000) {
        (0, rest) => rest.to_string(),
        (thousands, rest) => format!("{thousands},{rest:03}"),
    }
}

/// A number with two or three significant digits.
fn short(number: f64) -> String {
    let decimals = usize::from(number < 10.0) + usize::from(number < 1.0);
    format!("{number:.decimals$}")
}
