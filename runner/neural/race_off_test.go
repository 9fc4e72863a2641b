//go:build !race

package neural

const underRace = false
