package olga

import (
	"strconv"
	"strings"
	"unicode"
)

// Trend is an entry of a trend file's catalog.
type Trend struct {
	Variable    string   // OLGA's name, such as PT
	Location    []string // the words that say where, such as "BRANCH:", "TUBERIA", …
	Unit        string   // as the file has it, without the parentheses, such as PA
	Description string   // such as Pressure; "" where the file has none
	// Name is the column's: the variable and the words of the location, without what is
	// neither letter nor digit, joined by underscores, and a number where several trends
	// would have the same.
	Name string
}

// TimeColumn is the name of the column of times.
const TimeColumn = "TIME"

// LeakFlows is the pattern of the names of trends that are leaks' mass flows.
const LeakFlows = "GTLEAK*"

// LeakTrends are the patterns of the names of trends that tell of a leak itself, its
// flow and the pressures at it: what a detector is to find out, and no signals.
func LeakTrends() []string { return []string{LeakFlows, "ACMLK*", "PTLKUP*"} }

// words cuts a line of the catalog: words without quotes, and quoted texts, which may
// hold spaces. ok is false where a quote does not end.
func words(line string) (list []string, quoted []bool, ok bool) {
	for {
		line = strings.TrimLeft(line, " \t")
		if line == "" {
			return list, quoted, true
		}
		if line[0] != '\'' {
			word := line
			if end := strings.IndexAny(line, " \t'"); end >= 0 {
				word = line[:end]
			}
			list, quoted, line = append(list, word), append(quoted, false), line[len(word):]
			continue
		}
		end := strings.IndexByte(line[1:], '\'')
		if end < 0 {
			return nil, nil, false
		}
		list, quoted, line = append(list, line[1:1+end]), append(quoted, true), line[end+2:]
	}
}

// parseTrend reads a line of the catalog.
func parseTrend(line string) (Trend, bool) {
	list, quoted, ok := words(line)
	if !ok || len(list) == 0 || quoted[0] || list[0] == "" {
		return Trend{}, false
	}
	t := Trend{Variable: list[0]}
	rest := list[1:]
	for i := len(rest) - 1; i >= 0; i-- {
		text := strings.TrimSpace(rest[i])
		if strings.HasPrefix(text, "(") && strings.HasSuffix(text, ")") {
			t.Unit = strings.TrimSpace(text[1 : len(text)-1])
			t.Description = strings.TrimSpace(strings.Join(rest[i+1:], " "))
			rest = rest[:i]
			break
		}
	}
	t.Location = rest
	return t, true
}

// name is the column's, but for its number.
func (t Trend) name() string {
	parts := []string{plainWord(t.Variable)}
	for _, word := range t.Location {
		if word = plainWord(word); word != "" {
			parts = append(parts, word)
		}
	}
	return strings.Join(parts, "_")
}

// plainWord keeps letters and digits. Spaces and decimal points, which part words and
// numbers, become one underscore.
func plainWord(word string) string {
	var b strings.Builder
	gap := false
	for _, r := range word {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if gap && b.Len() > 0 {
				b.WriteByte('_')
			}
			gap = false
			b.WriteRune(r)
		case unicode.IsSpace(r) || r == '.' || r == '_':
			gap = true
		}
	}
	return b.String()
}

// nameAll gives each trend a name of its own.
func nameAll(trends []Trend) {
	taken := map[string]bool{TimeColumn: true}
	for i := range trends {
		name := trends[i].name()
		if name == "" {
			name = "TREND"
		}
		trends[i].Name = name
		for n := 2; taken[trends[i].Name]; n++ {
			trends[i].Name = name + "_" + strconv.Itoa(n)
		}
		taken[trends[i].Name] = true
	}
}
