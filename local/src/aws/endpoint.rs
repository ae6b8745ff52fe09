//! One listener for the small APIs of AWS; paths and headers decide which one answers.

use http::{Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;

use crate::aws::cloudfront::{self, Api, Cut};
use crate::aws::iam::Iam;
use crate::aws::lambda::{self, INVOKE_PREFIX, Lambda};
use crate::aws::secrets;
use crate::http::server::{self, Reply, Server, reply};

/// Serves CloudFront, Secrets Manager and Lambda's Invoke API.
pub(crate) fn serve(
    listener: TcpListener,
    lambda: &Lambda,
    cloudfront: &Api,
    secret: secrets::Value,
    iam: &Iam,
) -> Server {
    let (lambda, cloudfront) = (lambda.clone(), cloudfront.clone());
    let iam = iam.clone();
    server::serve(listener, move |request| {
        let (lambda, cloudfront, secret) = (lambda.clone(), cloudfront.clone(), secret.clone());
        let iam = iam.clone();
        async move { answer(&lambda, &cloudfront, secret.get().as_deref(), &iam, request).await }
    })
}

async fn answer(
    lambda: &Lambda,
    cloudfront: &Api,
    secret: Option<&str>,
    iam: &Iam,
    request: Request<Incoming>,
) -> Result<Reply, Cut> {
    let path = request.uri().path();
    Ok(if path.starts_with(cloudfront::API_PREFIX) {
        cloudfront.answer(request).await?
    } else if path.starts_with(INVOKE_PREFIX) {
        lambda::answer_invoke(lambda, request).await
    } else if request.headers().contains_key("x-amz-target") {
        secrets::answer(secret, iam, request).await
    } else {
        let known = "this endpoint stands in for CloudFront, Secrets Manager and Lambda's Invoke API\n";
        reply(StatusCode::NOT_FOUND, "text/plain", known)
    })
}
