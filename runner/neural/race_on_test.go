//go:build race

package neural

// underRace tells tests of figures, which are slow with the race detector and
// show nothing new there, to do less.
const underRace = true
