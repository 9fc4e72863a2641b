#!/bin/sh
# Predicts with the deployment that this script lies in.
# Usage: predict.sh DATA [further options of "mlops-cli predict"]
# MLOPS_CLI names the program; by default it is looked for in PATH.
set -eu
if [ "$#" -lt 1 ]; then
	echo "usage: $0 DATA [options]" >&2
	exit 2
fi
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd -P)
data=$1
shift
exec "${MLOPS_CLI:-mlops-cli}" predict "$@" -- "$data" "$here"
