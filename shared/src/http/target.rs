//! Where a request goes, and where an answer may send it on to.

use crate::image::is_host;

/// A URL that may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) url: String,
    scheme: String,
    pub(super) host: String,
}

impl Target {
    /// `None`: nobody is asked there. Plain HTTP is for this machine.
    pub(super) fn of(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let host = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let scheme = scheme.to_ascii_lowercase();
        let safe = url.len() <= 8 * 1024 && url.bytes().all(|byte| byte.is_ascii_graphic());
        let good = is_host(&host) && safe && (scheme == "https" || (scheme == "http" && is_loopback(&host)));
        good.then(|| Target {
            url: url.to_owned(),
            scheme,
            host,
        })
    }

    /// The root of a registry or another service.
    fn root_of(host: &str) -> Option<Self> {
        Target::of(&format!("{}://{host}/", scheme(host)))
    }

    pub(super) fn follow(&self, location: &str) -> Option<Target> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Target::of(&format!("{}://{}{location}", self.scheme, self.host));
        }
        Target::of(location)
    }

    /// Storage has a name; an address is somebody's network, and this machine is ours.
    pub(super) fn may_be_led_to_from(&self, asked: &Target) -> bool {
        let name = self.host.rsplit_once(':').map_or(self.host.as_str(), |(name, _)| name);
        let is_address = name.parse::<std::net::Ipv4Addr>().is_ok() || !name.contains('.');
        // Every number is an address to a resolver: 127.1, 0x7f.1, 2130706433.
        let ends_in_number = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_digit()));
        (!is_address && !ends_in_number) || (is_loopback(&self.host) && is_loopback(&asked.host))
    }
}

/// TLS, but for a host that is this machine.
pub(crate) fn scheme(host: &str) -> &'static str {
    if is_loopback(host) { "http" } else { "https" }
}

fn is_loopback(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || name
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Whether a token may be asked for at this URL by a registry on `host`.
pub(crate) fn may_ask_for_token(url: &str, host: &str) -> bool {
    match (Target::of(url), Target::root_of(host)) {
        (Some(target), Some(registry)) => target.host == registry.host || target.may_be_led_to_from(&registry),
        _ => false,
    }
}

/// A `Location` of the host at `url`, as a URL of the same host; `None` for one that leads elsewhere.
pub(crate) fn on_the_same_host(url: &str, location: &str) -> Option<String> {
    let asked = Target::of(url)?;
    let next = asked.follow(location)?;
    (next.host == asked.host && next.scheme == asked.scheme).then_some(next.url)
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
