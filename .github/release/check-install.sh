#!/usr/bin/env bash
# Item install: the chart's pods start in an empty cluster, without credentials. kind, kubectl and a container
# engine are on the runner.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/checklist.sh"

if [[ $(state chart) != "done" || $(state image) != "done" ]]; then
  leave install "it needs an image and a chart"
  exit
fi
if [[ $PRIVATE == true ]]; then
  leave install "a private image would need a secret in the cluster"
  exit
fi
kind create cluster --wait 120s
if helm install "$NAME" "$NAME" --repo "$REPOSITORY_URL" --version "${TAG#v}" --namespace "$NAME" --create-namespace \
  --wait --timeout 5m; then
  kubectl get pods --namespace "$NAME" --output wide
  tick install "helm install works in an empty cluster, and its pods are ready"
else
  kubectl describe pods --namespace "$NAME" || true
  kubectl get events --namespace "$NAME" --sort-by .lastTimestamp || true
  cross install "helm install works in an empty cluster, and its pods are ready"
fi
