#!/bin/sh
# Creates the namespace TEMPORAL_NAMESPACE at TEMPORAL_ADDRESS; one that is there gets the same retention.
# 168h: a parked delivery keeps its run open for seven days, and closed runs stay readable as long.
set -eu

namespace=$TEMPORAL_NAMESPACE
retention=168h

temporal operator cluster health
if temporal operator namespace describe --namespace "$namespace" >/dev/null 2>&1; then
  temporal operator namespace update --namespace "$namespace" --retention "$retention"
else
  temporal operator namespace create --namespace "$namespace" --retention "$retention"
fi
