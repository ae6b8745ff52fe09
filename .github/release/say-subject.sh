#!/usr/bin/env bash
# Which subject (sub) this job asks AWS with, as an annotation: a rejected login says only that it is not authorized. The token
# itself is not shown. TRUSTED is what should name the subject, ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN come from GitHub.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/annotate.sh"

if [[ -z ${ACTIONS_ID_TOKEN_REQUEST_URL-} ]]; then
  fail '' "GitHub gives this job no OIDC token. The calling workflow must allow \`id-token: write\`"
fi
token=$(curl --fail --silent --show-error --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
  "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" | jq -r .value)
claims=$(cut -d . -f 2 <<<"$token" | tr '_-' '/+')
while ((${#claims} % 4)); do
  claims+='='
done
subject=$(base64 --decode <<<"$claims" | jq -r .sub)
fail '' "AWS did not let this job assume the role. The job's subject is \"$subject\": $TRUSTED must be exactly that. If it is, check whether the role exists and whether it trusts the account's OIDC provider"
