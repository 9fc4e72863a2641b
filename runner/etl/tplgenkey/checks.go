package tplgenkey

import (
	"fmt"

	"mlops/runner/config"
	"mlops/runner/etl"
	"mlops/runner/olga"
	"mlops/runner/signal/quality"
)

// Action is what a finding does.
type Action string

// The actions.
const (
	Fail     Action = "fail"   // the case, or the run where cases do not fit one another
	SkipCase Action = "skip"   // leaves the case out
	Warn     Action = "warn"   // tells it
	Ignore   Action = "ignore" // does not look for it
)

// Quality says what is looked for in the trend files' rows, and what it does.
type Quality struct {
	Backwards      OnlyAction   `yaml:"backwards" doc:"Times before the time of the row before." example:"{action: skip}"`
	Duplicates     OnlyAction   `yaml:"duplicates" doc:"Rows of the same time as the row before." example:"{action: ignore}"`
	Gaps           Gaps         `yaml:"gaps" doc:"Steps in time that are too long." example:"{max: 5, action: fail}"`
	Missing        MissingShare `yaml:"missing" doc:"Values that are missing: they did not fit into the file's columns." example:"{share: 0.01}"`
	NonFinite      OnlyAction   `yaml:"non_finite" doc:"Infinite values." example:"{action: skip}"`
	Range          RangeLimits  `yaml:"range" doc:"Values that a trend cannot have." example:"{limits: {PT_*: [0, 1.0e+7]}, action: fail}"`
	Constant       Constant     `yaml:"constant" doc:"Trends that are the same in the whole case." example:"{action: ignore}"`
	Stuck          Stuck        `yaml:"stuck" doc:"Trends that are the same for too long." example:"{longer_than: 60}"`
	Jumps          JumpLimits   `yaml:"jumps" doc:"Changes from one row to the next that are too large." example:"{limits: {TM_*: 5}}"`
	Units          BetweenCases `yaml:"units" doc:"A trend whose unit is another in another case." example:"{action: warn}"`
	MissingColumns BetweenCases `yaml:"missing_columns" doc:"A trend that some cases have and others lack." example:"{action: fail}"`
}

// OnlyAction is a check without limits.
type OnlyAction struct {
	Action Action `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// Gaps limits the steps in time.
type Gaps struct {
	Max          float64 `yaml:"max" range:"[0,)" doc:"The longest step that is no gap, in units of TIME; 0 means any." example:"5"`
	MedianFactor float64 `yaml:"median_factor" range:"[0,)" doc:"A step that is more than this many times as long as the case's median step is a gap; 0 means none is." example:"10"`
	Action       Action  `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// MissingShare limits missing values.
type MissingShare struct {
	Share  float64 `yaml:"share" range:"[0,1]" doc:"The share of a trend's values that may be missing." example:"0.01"`
	Action Action  `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// RangeLimits limits the values.
type RangeLimits struct {
	Limits map[string][]float64 `yaml:"limits" doc:"The least and the greatest value by the trend's name or a pattern, in its unit." example:"{PT_*: [0, 1.0e+7]}"`
	Action Action               `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// Constant says what is constant.
type Constant struct {
	Tolerance float64 `yaml:"tolerance" range:"[0,)" doc:"How far apart a constant trend's least and greatest value may be, in its unit." example:"0.001"`
	Action    Action  `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// Stuck says what is stuck.
type Stuck struct {
	LongerThan float64 `yaml:"longer_than" range:"[0,)" doc:"How long a trend may be the same, in units of TIME; 0 means for ever." example:"60"`
	Tolerance  float64 `yaml:"tolerance" range:"[0,)" doc:"How far a trend that is stuck may be from where it got stuck, in its unit." example:"0.001" with:"longer_than: 60"`
	Action     Action  `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// JumpLimits limits the changes from row to row.
type JumpLimits struct {
	Limits map[string]float64 `yaml:"limits" range:"(0,)" doc:"The greatest change by the trend's name or a pattern, in its unit." example:"{TM_*: 5}"`
	Action Action             `yaml:"action" enum:"fail|skip|warn|ignore" doc:"What a finding does to its case."`
}

// BetweenCases is a check of cases against one another.
type BetweenCases struct {
	Action Action `yaml:"action" enum:"fail|warn|ignore" doc:"What a finding does: it ends the run, or is told."`
}

// defaultQuality fails where times go back or units differ, and tells the rest.
func defaultQuality() Quality {
	warn := OnlyAction{Warn}
	return Quality{
		Backwards: OnlyAction{Fail}, Duplicates: warn, Gaps: Gaps{MedianFactor: 10, Action: Warn}, Missing: MissingShare{Action: Warn}, NonFinite: warn,
		Range: RangeLimits{Action: Warn}, Constant: Constant{Action: Warn}, Stuck: Stuck{Action: Warn}, Jumps: JumpLimits{Action: Warn},
		Units: BetweenCases{Fail}, MissingColumns: BetweenCases{Warn},
	}
}

// The checks of cases against one another.
const (
	unitsCheck          quality.Check = "units"
	missingColumnsCheck quality.Check = "missing_columns"
)

// action is what a check's finding does.
func (q Quality) action(check quality.Check) Action {
	switch check {
	case quality.Backwards:
		return q.Backwards.Action
	case quality.Duplicates:
		return q.Duplicates.Action
	case quality.Gaps:
		return q.Gaps.Action
	case quality.Missing:
		return q.Missing.Action
	case quality.NonFinite:
		return q.NonFinite.Action
	case quality.Range:
		return q.Range.Action
	case quality.Constant:
		return q.Constant.Action
	case quality.Stuck:
		return q.Stuck.Action
	case quality.Jumps:
		return q.Jumps.Action
	case unitsCheck:
		return q.Units.Action
	}
	return q.MissingColumns.Action
}

// check checks the limits by trend.
func (q Quality) check(s config.Section) error {
	for _, pattern := range sortedKeys(q.Jumps.Limits) {
		if err := etl.CheckPattern(s, "quality.jumps.limits."+pattern, pattern); err != nil {
			return err
		}
	}
	for _, pattern := range sortedKeys(q.Range.Limits) {
		key := "quality.range.limits." + pattern
		if err := etl.CheckPattern(s, key, pattern); err != nil {
			return err
		}
		if r := q.Range.Limits[pattern]; len(r) != 2 || !(r[0] < r[1]) {
			return s.ErrorAt(key, "must be two numbers, the least and a greater one, such as [0, 100]")
		}
	}
	return nil
}

// checker looks through a case's kept trends.
func (q Quality) checker(name string, trends []olga.Trend) (*quality.Checker, error) {
	columns := make([]quality.Column, len(trends))
	for i, t := range trends {
		c := quality.Column{Name: t.Name, MissingShare: q.Missing.Share, ConstantTolerance: q.Constant.Tolerance, StuckFor: q.Stuck.LongerThan, StuckTolerance: q.Stuck.Tolerance}
		key, err := byTrend[[]float64](q.Range.Limits).of(t.Name)
		if err != nil {
			return nil, fmt.Errorf("quality.range.limits: %w", err)
		}
		if limits := q.Range.Limits[key]; limits != nil {
			c.Low, c.High = &limits[0], &limits[1]
		}
		if key, err = byTrend[float64](q.Jumps.Limits).of(t.Name); err != nil {
			return nil, fmt.Errorf("quality.jumps.limits: %w", err)
		}
		c.MaxJump = q.Jumps.Limits[key]
		columns[i] = c
	}
	return quality.New(name, quality.Times{Column: olga.TimeColumn, MaxGap: q.Gaps.Max, GapFactor: q.Gaps.MedianFactor}, columns), nil
}
