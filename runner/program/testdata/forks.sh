#!/bin/sh
sleep 600 &
echo $! >"$2/../../pids"
echo x >"$2/model/m"
