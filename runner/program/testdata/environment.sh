#!/bin/sh
env | cut -d= -f1 | sort | tr '\n' ' ' >"$2/../../env"
cat >>"$2/../../env"
