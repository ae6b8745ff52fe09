#!/usr/bin/env bash
# How to install what was published, in the run's summary.
set -euo pipefail

alias=${GITHUB_REPOSITORY_OWNER,,}
cat >> "$GITHUB_STEP_SUMMARY" <<END
## Chart $NAME ${TAG#v}: $OUTCOME

~~~sh
helm repo add $alias $REPOSITORY_URL${FOLDER:+/$FOLDER}
helm repo update
helm install $NAME $alias/$NAME --version ${TAG#v} --namespace $NAME --create-namespace
~~~

The archive is at $URL
END
