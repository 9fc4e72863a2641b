package gbdt

import "strings"

// paramSpec is one row of the parameter table, from which come the defaults,
// parsing, validation, the model text's section and docs/gbdt-parameters.md.
type paramSpec struct {
	group   string
	name    string // LightGBM's, but for the few of our own
	aliases []string
	// field is where the value lives: *int, *float64, *bool, *string, *[]string,
	// *[]int, *[]float64 or *[][]int. It is nil for a parameter of LightGBM that changes nothing here.
	field   func(*Params) any
	initial any // the default
	limits  limits
	choices map[string]string // accepted spelling → stored value
	doc     string
	own     bool // no parameter of LightGBM
}

// limits is the range of a number.
type limits struct {
	low, high         float64
	openLow, openHigh bool // the bound itself is refused
}

const unbounded = 1e300

// has is false for NaN.
func (l *limits) has(v float64) bool {
	if !(v >= l.low && v <= l.high) {
		return false
	}
	return !(l.openLow && v == l.low) && !(l.openHigh && v == l.high)
}

func atLeast(low float64) limits       { return limits{low: low, high: unbounded} }
func above(low float64) limits         { return limits{low: low, high: unbounded, openLow: true} }
func between(low, high float64) limits { return limits{low: low, high: high} }

var (
	anyNumber = limits{low: -unbounded, high: unbounded}
	fraction  = limits{high: 1, openLow: true} // more than nothing, at most all
)

// maxBinLimit is the most bins a column can have: a bin number is at most two
// bytes.
const maxBinLimit = 65535

// The limits on counts keep a mistyped figure from asking for all the memory.
const (
	maxLeavesLimit     = 131072
	maxIterationsLimit = 1000000
	maxClassLimit      = 10000
	maxThreadsLimit    = 1024
)

// paramTable is filled at start-up from the groups below.
var paramTable = tableOf(
	coreParams, treeParams, regularizationParams, samplingParams, dataParams, objectiveParams, metricParams, otherParams,
)

type paramGroup struct {
	title string
	rows  []paramSpec
}

func tableOf(groups ...paramGroup) []paramSpec {
	var table []paramSpec
	for _, g := range groups {
		for _, row := range g.rows {
			row.group = g.title
			table = append(table, row)
		}
	}
	return table
}

// The makers of rows. aliases are divided by spaces.

func whole(name, aliases string, initial int, l limits, field func(*Params) *int, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: initial, limits: l, doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func number(name, aliases string, initial float64, l limits, field func(*Params) *float64, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: initial, limits: l, doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func onOff(name, aliases string, initial bool, field func(*Params) *bool, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: initial, doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func choice(name, aliases, initial string, choices map[string]string, field func(*Params) *string, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: initial, choices: choices, doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func names(name, aliases string, field func(*Params) *[]string, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: []string(nil), doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func ignored(name, aliases, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), doc: doc}
}

func wholes(name, aliases string, initial []int, l limits, field func(*Params) *[]int, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: initial, limits: l, doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func numbers(name, aliases string, l limits, field func(*Params) *[]float64, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: []float64(nil), limits: l, doc: doc,
		field: func(p *Params) any { return field(p) }}
}

func groups(name, aliases string, field func(*Params) *[][]int, doc string) paramSpec {
	return paramSpec{name: name, aliases: strings.Fields(aliases), initial: [][]int(nil), limits: atLeast(0), doc: doc,
		field: func(p *Params) any { return field(p) }}
}

// ours marks a parameter that LightGBM does not have.
func ours(s paramSpec) paramSpec {
	s.own = true
	return s
}
