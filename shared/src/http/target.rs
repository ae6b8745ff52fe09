//! The address of a request, and the addresses to which an answer may redirect it.

use http::Uri;
use http::uri::Authority;

use crate::image::is_host;

/// The longest URL that is requested, in bytes.
const MAX_URL_BYTES: usize = 8 * 1024;

/// A URL that may be requested.
///
/// It is parsed once: the connection goes to the host and port of this very `Uri`. If a check and a
/// connection use two parsers, a URL that they read differently passes the check and goes
/// elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    uri: Uri,
    /// The host in lower case, with the port if the URL names one.
    host: String,
}

impl Target {
    /// `None`: this URL must not be requested. Plain HTTP is only for this machine.
    pub(super) fn of(url: &str) -> Option<Self> {
        if url.len() > MAX_URL_BYTES || !url.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let uri: Uri = url.parse().ok()?;
        // The whole authority, so that a login before the host does not pass as a name.
        let host = uri.authority()?.as_str().to_ascii_lowercase();
        let may_be_asked = match uri.scheme_str()? {
            "https" => true,
            "http" => is_loopback(uri.host()?),
            _ => false,
        };
        (may_be_asked && is_host(&host)).then_some(Self { uri, host })
    }

    /// The root of a registry or another service.
    fn root_of(host: &str) -> Option<Self> {
        Self::of(&format!("{}://{host}/", scheme(host)))
    }

    /// The host and port to connect to.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The host in lower case, with its port if the URL names one.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// The host without its port.
    fn name(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    pub(super) fn follow(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            let scheme = self.uri.scheme_str()?;
            return Self::of(&format!("{scheme}://{}{location}", self.host));
        }
        Self::of(location)
    }

    /// Storage services have names. An IP address belongs to a private network, or to this machine.
    pub(super) fn may_be_led_to_from(&self, asked: &Self) -> bool {
        let name = self.name();
        let is_address = name.parse::<std::net::Ipv4Addr>().is_ok() || !name.contains('.');
        // A resolver accepts any number as an address: 127.1, 0x7f.1, 2130706433.
        let ends_in_number = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        (!is_address && !ends_in_number) || (is_loopback(name) && is_loopback(asked.name()))
    }
}

/// HTTPS, except for this machine.
pub(crate) fn scheme(host: &str) -> &'static str {
    let authority = host.parse::<Authority>();
    match authority.is_ok_and(|authority| is_loopback(authority.host())) {
        true => "http",
        false => "https",
    }
}

/// Whether a host, without its port, is this machine.
fn is_loopback(name: &str) -> bool {
    name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a registry on `host` may have its tokens requested at this URL.
pub(crate) fn may_ask_for_token(url: &str, host: &str) -> bool {
    match (Target::of(url), Target::root_of(host)) {
        (Some(target), Some(registry)) => target.host == registry.host || target.may_be_led_to_from(&registry),
        _ => false,
    }
}

/// A `Location` header from the host of `url`, as a URL on the same host; `None` if it leads
/// elsewhere.
pub(crate) fn on_the_same_host(url: &str, location: &str) -> Option<String> {
    let asked = Target::of(url)?;
    let next = asked.follow(location)?;
    let is_same = next.host == asked.host && next.uri.scheme() == asked.uri.scheme();
    is_same.then(|| next.uri.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_leads_to_names_with_tls_and_to_nobodys_network() {
        let registry = Target::of("https://ghcr.io/v2/").unwrap();
        let led = |location: &str| {
            registry
                .follow(location)
                .is_some_and(|next| next.may_be_led_to_from(&registry))
        };
        assert!(led("https://pkg-containers.githubusercontent.com/blob?x=1"));
        for location in [
            "http://pkg-containers.githubusercontent.com/blob",
            "http://169.254.169.254/latest/meta-data/",
            "https://169.254.169.254/",
            "https://10.0.0.1/",
            "https://127.0.0.1:8443/",
            "https://2130706433/",
            "https://127.1/",
            "https://0x7f.0.0.1/",
            "https://localhost/",
            "https://metadata/",
            "https://[::1]/",
            "https://user@10.0.0.1/",
            "https://a.example.com\\@10.0.0.1/",
            "ftp://a.example.com/",
            "//a.example.com/x",
            "file:///etc/passwd",
            "gopher:x",
            "",
        ] {
            assert!(!led(location), "{location}");
        }
    }

    /// URLs that parsers are known to read differently: with a confusing scheme, slashes,
    /// backslashes or encoded characters (<https://security.claroty.com/URLparserconfusion>), with
    /// a login, an odd port or an IPv6 address.
    const TRICKY: &[&str] = &[
        "https://ghcr.io/v2/",
        "HTTPS://GHCR.IO/v2/",
        "https://ghcr.io",
        "https://ghcr.io?x=//10.0.0.1/",
        "https://ghcr.io#@10.0.0.1/",
        "https://ghcr.io/@10.0.0.1/",
        "https://ghcr.io/\\10.0.0.1/",
        "https://ghcr.io:443/",
        "https://ghcr.io:0443/",
        "https://ghcr.io:+443/",
        "https://ghcr.io:/",
        "https://ghcr.io:0/",
        "https://ghcr.io:65536/",
        "https://ghcr.io:443:22/",
        "https://ghcr.io:443@10.0.0.1/",
        "https://ghcr.io@10.0.0.1/",
        "https://10.0.0.1@ghcr.io/",
        "https://user:password@ghcr.io/",
        "https://ghcr.io\\@10.0.0.1/",
        "https://10.0.0.1\\@ghcr.io/",
        "https://ghcr.io%2f@10.0.0.1/",
        "https://ghcr.io%40:22@10.0.0.1/",
        "https://ghcr%2eio/",
        "https://ghcr.io%00.example.com/",
        "https://ghcr.io;.example.com/",
        "https://ghcr.io,10.0.0.1/",
        "https://ghcr.io./",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]:443/",
        "https://[::1%25eth0]/",
        "https://[ghcr.io]/",
        "https://::1/",
        "https://ghcr.io[::1]/",
        "https:///ghcr.io/",
        "https:////10.0.0.1/",
        "https:ghcr.io/",
        "https:/ghcr.io/",
        "https:\\\\ghcr.io/",
        "https://https://ghcr.io/",
        "//ghcr.io/",
        "ghcr.io/v2/",
        "ghcr.io:443",
        "*",
        "/",
        "http://127.0.0.1:5000/",
        "http://127.0.0.1:5000@10.0.0.1/",
        "http://10.0.0.1/?@127.0.0.1:5000",
        "http://LocalHost:5000/",
        "http://127.0.0.1.example.com/",
    ];

    #[test]
    fn the_connection_goes_to_the_host_that_was_checked() {
        let mut asked = Vec::new();
        for url in TRICKY {
            let Some(target) = Target::of(url) else { continue };
            let (name, port) = target.host().split_once(':').unwrap_or((target.host(), ""));
            let (uri_name, uri_port) = (target.uri().host().unwrap(), target.uri().port_u16());
            assert_eq!(uri_name.to_ascii_lowercase(), name, "{url}");
            assert_eq!(uri_port, port.parse().ok(), "{url}");
            assert_eq!(
                target.uri().authority().unwrap().as_str().to_ascii_lowercase(),
                target.host(),
                "{url}"
            );
            assert!(is_host(target.host()), "{url}");
            asked.push(*url);
        }
        assert_eq!(
            asked,
            [
                "https://ghcr.io/v2/",
                "HTTPS://GHCR.IO/v2/",
                "https://ghcr.io",
                "https://ghcr.io?x=//10.0.0.1/",
                "https://ghcr.io#@10.0.0.1/",
                "https://ghcr.io/@10.0.0.1/",
                "https://ghcr.io/\\10.0.0.1/",
                "https://ghcr.io:443/",
                "https://ghcr.io:0443/",
                "https://ghcr.io:+443/",
                "http://127.0.0.1:5000/",
                "http://LocalHost:5000/",
            ]
        );
    }

    #[test]
    fn nothing_behind_the_host_changes_it() {
        for (url, host) in [
            ("https://ghcr.io?x=//10.0.0.1/", "ghcr.io"),
            ("https://ghcr.io#@10.0.0.1/", "ghcr.io"),
            ("https://GHCR.io:0443/@10.0.0.1", "ghcr.io:0443"),
            ("https://ghcr.io/\\10.0.0.1/", "ghcr.io"),
        ] {
            assert_eq!(Target::of(url).unwrap().host(), host, "{url}");
        }
        let registry = Target::of("https://ghcr.io:443/v2/").unwrap();
        let next = registry.follow("/@10.0.0.1/?x=https://10.0.0.1/").unwrap();
        assert_eq!(next.uri().host(), Some("ghcr.io"));
        for elsewhere in ["/\\10.0.0.1\n/", "//10.0.0.1/", "\\/10.0.0.1/", "@10.0.0.1/", ":22/"] {
            let next = registry.follow(elsewhere);
            assert!(next.is_none_or(|next| next.host() == registry.host()), "{elsewhere}");
        }
    }

    #[test]
    fn plain_http_is_for_this_machine() {
        assert!(Target::of("http://127.0.0.1:5000/v2/").is_some());
        assert!(Target::of("http://ghcr.io/v2/").is_none());
        assert!(may_ask_for_token(
            "https://auth.docker.io/token",
            "registry-1.docker.io"
        ));
        assert!(!may_ask_for_token(
            "http://auth.docker.io/token",
            "registry-1.docker.io"
        ));
        assert!(!may_ask_for_token("http://127.0.0.1/token", "ghcr.io"));
        assert!(may_ask_for_token("http://127.0.0.1:5001/token", "127.0.0.1:5000"));
    }

    #[test]
    fn an_upload_goes_on_where_it_was_begun() {
        let begun = "https://ghcr.io/v2/a/blobs/uploads/";
        let on = |location: &str| on_the_same_host(begun, location);
        assert_eq!(
            on("/v2/a/blobs/uploads/1?s=2").as_deref(),
            Some("https://ghcr.io/v2/a/blobs/uploads/1?s=2")
        );
        assert!(on("https://ghcr.io/v2/a/blobs/uploads/1").is_some());
        for elsewhere in [
            "https://ghcr.io.example.com/",
            "http://ghcr.io/v2/",
            "https://10.0.0.1/",
            "//example.com/",
            "uploads/1",
            "",
        ] {
            assert_eq!(on(elsewhere), None, "{elsewhere}");
        }
    }
}
