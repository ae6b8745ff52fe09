//! The paths that invalidate an object at CloudFront.
//!
//! CloudFront compares a path with the requests of viewers, and documents:
//! (<https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html>):
//!
//! - Only non-ASCII characters and those that RFC 1738 calls unsafe are URL-encoded. If any other
//!   character is encoded, CloudFront does not invalidate the object, so `+` has to stay unencoded.
//! - If a function changes the URI of a request, both URIs have to be invalidated. The template's
//!   function replaces `+` by `%2B`.
//! - `~` cannot be in a path: unencoded, CloudFront rejects the whole batch, and encoded it
//!   invalidates nothing (<https://github.com/aws/aws-sdk/issues/525>).
//! - `*` matches anything, but only at the end of a path.
//!
//! So an object has the paths of its URL as documented, as the function rewrites it and as an index
//! writes it. For most objects these are one path. A name with `~` or `*` is cut before that
//! character and gets a wildcard. That invalidates other objects too, which are then fetched from
//! the bucket again; this is harmless.

use std::collections::BTreeSet;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use crate::keys::url_path;

/// The unsafe characters of RFC 1738, without `~`, which never occurs here, and `?`, which would
/// begin a query string.
const UNSAFE: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'<')
    .add(b'>')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'{')
    .add(b'}')
    .add(b'|')
    .add(b'\\')
    .add(b'^')
    .add(b'[')
    .add(b']')
    .add(b'`')
    .add(b'?');

/// The paths of an object, from its key without the folder that the edge serves.
pub(super) fn of(key: &str) -> Vec<String> {
    let (name, wildcard) = match key.find(['~', '*']) {
        Some(at) => (key.get(..at).unwrap_or_default(), "*"),
        None => (key, ""),
    };
    let documented = utf8_percent_encode(name, UNSAFE).to_string();
    let requested = documented.replace('+', "%2B");
    let written = url_path(name).to_string();
    let paths = BTreeSet::from([documented, requested, written]);
    paths.into_iter().map(|path| format!("/{path}{wildcard}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_objects_have_one_path() {
        for key in ["index.yaml", "team-a/index.yaml", "team_a/demo.x-1.0.0-rc.1.tgz.prov"] {
            assert_eq!(of(key), [format!("/{key}")]);
        }
    }

    #[test]
    fn a_plus_is_invalidated_as_it_is_and_as_the_edge_makes_it() {
        assert_eq!(
            of("team-a/a-1+b+c.tgz"),
            ["/team-a/a-1%2Bb%2Bc.tgz", "/team-a/a-1+b+c.tgz"]
        );
    }

    #[test]
    fn what_a_path_must_not_have_is_behind_a_wildcard() {
        assert_eq!(of("team-a/a~b-1.tgz"), ["/team-a/a*"]);
        assert_eq!(of("~a-1.tgz"), ["/*"]);
        assert_eq!(of("a+*~-1.tgz"), ["/a%2B*", "/a+*"]);
    }

    #[test]
    fn only_unsafe_characters_are_encoded_as_documented_and_the_path_of_the_url_goes_with_it() {
        assert_eq!(of("a b%2B-1.tgz"), ["/a%20b%252B-1.tgz"]);
        assert_eq!(of("ä[1]-1.tgz"), ["/%C3%A4%5B1%5D-1.tgz"]);
        assert_eq!(of("a@b=c-1.tgz"), ["/a%40b%3Dc-1.tgz", "/a@b=c-1.tgz"]);
        assert_eq!(of("a?b-1.tgz"), ["/a%3Fb-1.tgz"]);
    }
}
