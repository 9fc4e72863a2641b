//go:build race

package gbdt

// underRace tells tests of figures, which are slow with the race detector and
// show nothing new there, to do less.
const underRace = true

// prefixStep parts the prefixes of files that readers, which have no goroutines, are
// tried with.
const prefixStep = 11
