#!/bin/sh
# Ignores SIGTERM, as does its child.
trap '' TERM
sleep 600 &
echo $! >"$2/../../pids"
echo "I hang" >&2
while :; do sleep 600; done
