#!/bin/sh
yes "I talk" >&2 &
yes '{"message": "on and on"}' &
yes nonsense | tr -d '\n'
