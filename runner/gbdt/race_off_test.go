//go:build !race

package gbdt

const underRace = false
