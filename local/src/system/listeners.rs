//! The three listeners: the edge, S3, and the other APIs of AWS.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpListener;

use super::options::{Options, StartError};

pub(super) struct Listeners {
    pub(super) edge: TcpListener,
    pub(super) s3: TcpListener,
    pub(super) aws: TcpListener,
}

#[derive(Clone, Copy)]
pub(super) struct Addresses {
    pub(super) edge: SocketAddr,
    pub(super) s3: SocketAddr,
    pub(super) aws: SocketAddr,
}

impl Listeners {
    pub(super) async fn bind(options: &Options) -> Result<(Self, Addresses), StartError> {
        let (edge, edge_address) = bind("the edge", options.edge, "--listen").await?;
        let (s3, s3_address) = bind("S3", options.s3, "--s3").await?;
        let (aws, aws_address) = bind("the AWS endpoint", options.aws, "--aws").await?;
        let addresses = Addresses {
            edge: edge_address,
            s3: s3_address,
            aws: aws_address,
        };
        Ok((Self { edge, s3, aws }, addresses))
    }
}

async fn bind(
    what: &'static str,
    address: SocketAddr,
    option: &'static str,
) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |error| StartError::Listen {
        what,
        address,
        option,
        error,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// The address at which this machine reaches a listener; one on all addresses is reached on
/// 127.0.0.1.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::from((Ipv4Addr::LOCALHOST, address.port()))
    } else {
        address
    }
}

pub(super) fn url(address: SocketAddr) -> String {
    format!("http://{}", reachable(address))
}
