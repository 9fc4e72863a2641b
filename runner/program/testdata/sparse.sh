#!/bin/sh
dd if=/dev/zero of="$2/model/big" bs=1 count=0 seek=5000000000 2>/dev/null
