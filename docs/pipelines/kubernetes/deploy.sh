#!/bin/sh
# RELEASE=1.4.2 sh deploy.sh: expands, rolls out, and leaves the contract to the schedule. RELEASE is the tag of the image.
set -eu
cd "$(dirname "$0")"
: "${RELEASE:?the tag of the image}"
# How long the expansion may take, in seconds. A backfill of a large table may need more.
limit=${EXPAND_LIMIT:-3600}

job=$(sed "s|:RELEASE|:$RELEASE|" expand.yml | kubectl create -f - -o name)

# kubectl wait knows one condition at a time, and a Job that failed never becomes complete: so both are asked in turn.
end=$(($(date +%s) + limit))
until kubectl wait --for=condition=complete --timeout=5s "$job"; do
  if kubectl wait --for=condition=failed --timeout=1s "$job"; then
    kubectl logs --selector="job-name=${job#*/}" --tail=-1 || true
    echo "$job failed. Nothing was rolled out." >&2
    exit 1
  fi
  if [ "$(date +%s)" -ge "$end" ]; then
    echo "$job still runs after $limit seconds. Nothing was rolled out. Once it has ended, run this again." >&2
    exit 1
  fi
done

# Put what starts your rollout in place of this line (helm upgrade, kubectl apply -k ...).
kubectl set image deployment/shop "shop=registry.example.com/shop:$RELEASE"
kubectl rollout status deployment/shop --timeout=10m

sed "s|:RELEASE|:$RELEASE|" contract.yml | kubectl apply -f -
