//! Counts what a text has cost so far.

use super::{Error, Limits, Place};

/// The cost of a node and everything in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Size {
    /// Steps of go-yaml's decoder: keys, values, aliases.
    pub(super) nodes: usize,
    /// Memory, approximately.
    pub(super) bytes: usize,
    /// The depth of nested collections; 0 for a scalar.
    pub(super) height: usize,
}

/// The memory of a value beside its text.
const NODE_BYTES: usize = 96;

impl Size {
    /// The memory of a collection without its content.
    pub(super) const NODE: Self = Self {
        nodes: 1,
        bytes: NODE_BYTES,
        height: 0,
    };

    pub(super) fn scalar(text_bytes: usize) -> Self {
        Self {
            nodes: 1,
            bytes: NODE_BYTES + text_bytes,
            height: 0,
        }
    }

    pub(super) fn add(&mut self, child: Self) {
        self.nodes = self.nodes.saturating_add(child.nodes);
        self.bytes = self.bytes.saturating_add(child.bytes);
        self.height = self.height.max(child.height);
    }

    /// Adds the collection itself to the cost of its content.
    pub(super) fn wrapped(self) -> Self {
        Self {
            height: self.height + 1,
            ..self
        }
    }

    pub(super) fn through_alias(self) -> Self {
        Self {
            nodes: self.nodes.saturating_add(1),
            ..self
        }
    }
}

pub(super) struct Budget {
    limits: Limits,
    nodes: usize,
    aliased_nodes: usize,
    copied_bytes: usize,
}

impl Budget {
    pub(super) fn new(limits: Limits) -> Self {
        // go-yaml's decoder counts the document itself as a step.
        Self {
            limits,
            nodes: 1,
            aliased_nodes: 0,
            copied_bytes: 0,
        }
    }

    pub(super) fn node(&mut self, at: Place) -> Result<(), Error> {
        self.take_nodes(1, at)
    }

    pub(super) fn depth(&self, depth: usize, at: Place) -> Result<(), Error> {
        if depth > self.limits.depth {
            Err(Error::TooDeep {
                at,
                limit: self.limits.depth,
            })
        } else {
            Ok(())
        }
    }

    /// Before an alias is written out.
    pub(super) fn repeat(&mut self, size: Size, at: Place) -> Result<(), Error> {
        self.take_nodes(size.nodes, at)?;
        self.aliased_nodes = self.aliased_nodes.saturating_add(size.nodes);
        if self.aliases_exceed_the_rule_of_go_yaml() {
            return Err(Error::TooManyAliases { at });
        }
        self.copy(size, at)
    }

    /// Before a node is kept for later aliases.
    pub(super) fn copy(&mut self, size: Size, at: Place) -> Result<(), Error> {
        self.copied_bytes = self.copied_bytes.saturating_add(size.bytes);
        if self.copied_bytes > self.limits.alias_bytes {
            Err(Error::TooManyAliases { at })
        } else {
            Ok(())
        }
    }

    fn take_nodes(&mut self, nodes: usize, at: Place) -> Result<(), Error> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.nodes {
            return Err(Error::TooManyNodes {
                at,
                limit: self.limits.nodes,
            });
        }
        Ok(())
    }

    /// `document contains excessive aliasing`: rejected as Helm rejects it. Both counts only grow
    /// and the allowed share only falls, so checking at the end of an alias is early enough.
    fn aliases_exceed_the_rule_of_go_yaml(&self) -> bool {
        const LOW: f64 = 400_000.0;
        const HIGH: f64 = 4_000_000.0;
        if self.aliased_nodes <= 100 || self.nodes <= 1000 {
            return false;
        }
        #[expect(clippy::cast_precision_loss, reason = "as Go computes it")]
        let (aliased, nodes) = (self.aliased_nodes as f64, self.nodes as f64);
        let allowed = 0.99 - 0.89 * ((nodes - LOW) / (HIGH - LOW)).clamp(0.0, 1.0);
        aliased / nodes > allowed
    }
}
