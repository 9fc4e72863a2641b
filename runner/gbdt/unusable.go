package gbdt

import (
	"fmt"
	"strings"
)

// UnusableFeaturesError is [ErrNoUsableFeatures] with a reason for each column.
type UnusableFeaturesError struct {
	Names, Reasons []string
}

// Error names the first columns.
func (e *UnusableFeaturesError) Error() string {
	return "gbdt: no column can be used: " + e.Columns()
}

// Columns tells of the first columns why they cannot be used.
func (e *UnusableFeaturesError) Columns() string {
	const most = 5
	var told []string
	for i, name := range e.Names[:min(most, len(e.Names))] {
		told = append(told, fmt.Sprintf("%q %s", name, e.Reasons[i]))
	}
	if more := len(e.Names) - most; more > 0 {
		told = append(told, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(told, "; ")
}

// Is makes the error an [ErrNoUsableFeatures].
func (e *UnusableFeaturesError) Is(target error) bool { return target == ErrNoUsableFeatures }

// unusable tells why no column can be used.
func (d *Dataset) unusable(minData int) error {
	e := &UnusableFeaturesError{Names: d.names}
	for _, m := range d.mappers {
		e.Reasons = append(e.Reasons, m.unusable(minData))
	}
	return e
}

// unusable tells why a trivial column cannot be split.
func (m *binMapper) unusable(minData int) string {
	switch {
	case m.valued == 0:
		return "has no value"
	case m.categorical && len(m.categories) == 2 && m.missing == missingNone:
		return fmt.Sprintf("is the category %d in every row", m.categories[1])
	case !m.categorical && m.low == m.high && m.missing == missingNone:
		return fmt.Sprintf("is %v in every row", m.low)
	}
	return fmt.Sprintf("has no split that leaves %d rows (min_data_in_leaf) on both sides", minData)
}
