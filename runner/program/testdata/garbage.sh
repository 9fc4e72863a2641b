#!/bin/sh
echo "not JSON at all"
head -c 300000 /dev/zero | tr '\0' 'x'
echo
printf '\001\033[31m\377\n'
echo '{"progress": 0.5, "message": "half", "metrics": {"loss": 1}}'
echo x >"$2/model/m"
