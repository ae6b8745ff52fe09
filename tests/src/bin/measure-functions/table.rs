//! The measured numbers and their targets, as Markdown.

use std::fmt;

/// The rows, in the order of measurement.
#[derive(Debug, Default)]
pub struct Table(Vec<Row>);

#[derive(Debug)]
struct Row {
    what: String,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
}

/// The goal for a number.
#[derive(Debug, Clone, Copy)]
pub struct Goal {
    /// The number should be at most this.
    pub target: f64,
    /// A larger number is a failure.
    pub limit: f64,
}

impl Table {
    /// Adds a number without a goal.
    pub fn row(&mut self, what: &str, value: f64, unit: &'static str) {
        self.push(what, value, unit, None);
    }

    /// Adds a number with a goal.
    pub fn aimed(&mut self, what: &str, value: f64, unit: &'static str, goal: Goal) {
        self.push(what, value, unit, Some(goal));
    }

    fn push(&mut self, what: &str, value: f64, unit: &'static str, goal: Option<Goal>) {
        let what = what.to_owned();
        self.0.push(Row {
            what,
            value,
            unit,
            goal,
        });
    }

    /// The rows that exceed their limits.
    pub fn failures(&self) -> Vec<String> {
        let over = |row: &&Row| row.goal.is_some_and(|goal| row.value > goal.limit);
        self.0.iter().filter(over).map(ToString::to_string).collect()
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row { what, value, unit, .. } = self;
        write!(f, "| {what} | {value:.2} {unit} | ")?;
        match self.goal {
            Some(Goal { target, .. }) => {
                let met = if *value <= target { "met" } else { "**MISSED**" };
                write!(f, "at most {target} {unit} | {met} |")
            }
            None => write!(f, "| |"),
        }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | measured | target | |\n| --- | ---: | --- | --- |")?;
        self.0.iter().try_for_each(|row| writeln!(f, "{row}"))
    }
}
