//! Evaluates policy statements (without conditions): an access is denied unless a statement allows
//! it, and a `Deny` wins.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use serde::Deserialize;

/// One action on one resource that a request requires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) action: &'static str,
    pub(crate) resource: String,
}

/// Whether a statement allows or denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub enum Effect {
    /// It allows, unless another statement denies.
    Allow,
    /// It denies, even if other statements allow.
    Deny,
}

/// One action of a statement on one of its resources.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Permission {
    /// The `Sid` of the statement.
    pub statement: String,
    /// Whether it allows or denies.
    pub effect: Effect,
    /// Such as `s3:GetObject`. `*` matches any characters, `?` any single one.
    pub action: String,
    /// The ARN, with the same wildcards.
    pub resource: String,
}

/// The decision about an access.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decision<'a> {
    /// Allowed. If exactly one permission allows it, this is that permission: without it, the
    /// request would fail.
    Allowed(Option<&'a Permission>),
    Denied {
        because: String,
    },
}

pub(super) fn decide<'a>(permissions: &'a [Permission], access: &Access) -> Decision<'a> {
    let speaking = permissions.iter().filter(|permission| permission.covers(access));
    let (allowing, denying): (Vec<_>, Vec<_>) = speaking.partition(|permission| permission.effect == Effect::Allow);
    match (denying.as_slice(), allowing.as_slice()) {
        ([], [only]) => Decision::Allowed(Some(only)),
        ([], [_, ..]) => Decision::Allowed(None),
        ([], []) => Decision::Denied {
            because: format!("because no identity-based policy allows the {} action", access.action),
        },
        ([_, ..], _) => Decision::Denied {
            because: "with an explicit deny in an identity-based policy".to_owned(),
        },
    }
}

impl Permission {
    /// Whether the permission covers an access. Actions ignore case, resources do not.
    fn covers(&self, access: &Access) -> bool {
        let action = access.action.to_ascii_lowercase();
        matches(self.action.to_ascii_lowercase().as_bytes(), action.as_bytes())
            && matches(self.resource.as_bytes(), access.resource.as_bytes())
    }
}

/// Whether a pattern matches: `*` matches any characters, including slashes, and `?` any single
/// one.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            matches(rest, text) || text.split_first().is_some_and(|(_, text)| matches(pattern, text))
        }
        (Some((b'?', pattern)), Some((_, text))) => matches(pattern, text),
        (Some((expected, pattern)), Some((found, text))) => expected == found && matches(pattern, text),
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(effect: Effect, action: &str, resource: &str) -> Permission {
        Permission {
            statement: "Test".to_owned(),
            effect,
            action: action.to_owned(),
            resource: resource.to_owned(),
        }
    }

    fn get(key: &str) -> Access {
        Access {
            action: "s3:GetObject",
            resource: format!("arn:aws:s3:::b/{key}"),
        }
    }

    fn allows(permissions: &[Permission], access: &Access) -> bool {
        matches!(decide(permissions, access), Decision::Allowed(_))
    }

    #[test]
    fn an_access_that_no_statement_allows_is_denied() {
        assert!(!allows(&[], &get("a")));
        let others = [
            permission(Effect::Allow, "s3:PutObject", "arn:aws:s3:::b/*"),
            permission(Effect::Allow, "s3:GetObject", "arn:aws:s3:::other/*"),
            permission(Effect::Allow, "s3:GetObject", "arn:aws:s3:::b"),
        ];
        assert!(!allows(&others, &get("a")));
    }

    #[test]
    fn a_resource_may_contain_wildcards() {
        for (resource, key, covered) in [
            ("arn:aws:s3:::b/charts/*", "charts/a", true),
            ("arn:aws:s3:::b/charts/*", "charts/a/b", true),
            ("arn:aws:s3:::b/charts/*", "Charts/a", false),
            ("arn:aws:s3:::b/charts/*", "staging/charts/a", false),
            ("arn:aws:s3:::b/charts/*/index.yaml", "charts/a/index.yaml", true),
            ("arn:aws:s3:::b/charts/*/index.yaml", "charts/a/b/index.yaml", true),
            ("arn:aws:s3:::b/charts/*/index.yaml", "charts/index.yaml", false),
            ("arn:aws:s3:::b/charts/*/index.yaml", "charts/a/index.yaml.bak", false),
            ("arn:aws:s3:::b/?.tgz", "a.tgz", true),
            ("arn:aws:s3:::b/?.tgz", "ab.tgz", false),
            ("*", "a", true),
        ] {
            let permission = permission(Effect::Allow, "s3:GetObject", resource);
            assert_eq!(allows(&[permission], &get(key)), covered, "{resource} and {key}");
        }
    }

    #[test]
    fn an_action_may_contain_wildcards_and_ignores_case() {
        for (action, covered) in [
            ("s3:*", true),
            ("s3:Get*", true),
            ("S3:getobject", true),
            ("s3:GetObjec?", true),
            ("s3:GetObjectVersion", false),
            ("s3:GetObject*", true),
        ] {
            let permission = permission(Effect::Allow, action, "*");
            assert_eq!(allows(&[permission], &get("a")), covered, "{action}");
        }
    }

    #[test]
    fn a_deny_wins_in_any_order() {
        let allow = permission(Effect::Allow, "s3:GetObject", "*");
        let deny = permission(Effect::Deny, "s3:*", "arn:aws:s3:::b/secret/*");
        for permissions in [[allow.clone(), deny.clone()], [deny, allow]] {
            assert!(allows(&permissions, &get("a")));
            assert!(!allows(&permissions, &get("secret/a")));
        }
    }

    #[test]
    fn two_permissions_that_allow_the_same_are_both_reported_as_unneeded() {
        let one = permission(Effect::Allow, "s3:GetObject", "arn:aws:s3:::b/*");
        let two = permission(Effect::Allow, "s3:GetObject", "arn:aws:s3:::b/a");
        assert_eq!(
            decide(std::slice::from_ref(&one), &get("a")),
            Decision::Allowed(Some(&one))
        );
        assert_eq!(decide(&[one, two], &get("a")), Decision::Allowed(None));
    }
}
