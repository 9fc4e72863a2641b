//go:build !race

package gbdt

const underRace = false

const prefixStep = 1
