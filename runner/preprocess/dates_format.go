package preprocess

import (
	"fmt"
	"strings"
	"time"
	"unicode"
)

// directives are strptime's, as package time writes them: as narrow as a field
// may be, and of full width for fields without anything between them.
var directives = map[byte]struct{ narrow, wide string }{
	'Y': {"2006", "2006"}, 'y': {"06", "06"}, 'm': {"1", "01"}, 'b': {"Jan", "Jan"}, 'B': {"January", "January"},
	'd': {"2", "02"}, 'a': {"Mon", "Mon"}, 'A': {"Monday", "Monday"},
	'H': {"15", "15"}, 'I': {"3", "03"}, 'M': {"4", "04"}, 'S': {"5", "05"}, 'p': {"PM", "PM"}, 'z': {"-0700", "-0700"},
}

const knownDirectives = "%Y %y %m %b %B %d %a %A %H %I %M %S %p %z %%"

// layoutOf translates a format of strptime's directives into a layout of package
// time; "" stays "". Between directives it takes white space, punctuation and
// the letters T and Z.
func layoutOf(format string) (string, error) {
	const longest = 100
	if len(format) > longest {
		return "", fmt.Errorf("has %d bytes; the limit is %d", len(format), longest)
	}
	var layout strings.Builder
	fields := 0
	for i := 0; i < len(format); i++ {
		c := format[i]
		if c != '%' {
			if c >= 0x80 || unicode.IsDigit(rune(c)) || unicode.IsLetter(rune(c)) && c != 'T' && c != 'Z' || c == '_' {
				return "", fmt.Errorf("%q is not accepted between directives; use punctuation, spaces, T or Z", string(rune(c)))
			}
			layout.WriteByte(c)
			continue
		}
		if i++; i == len(format) {
			return "", fmt.Errorf("ends within a directive (known: %s)", knownDirectives)
		}
		if format[i] == '%' {
			layout.WriteByte('%')
			continue
		}
		d, ok := directives[format[i]]
		if !ok {
			return "", fmt.Errorf("unknown directive %q (known: %s)", format[i-1:i+1], knownDirectives)
		}
		fields++
		follows := i+1 < len(format) && format[i+1] == '%'
		precedes := i >= 3 && format[i-3] == '%'
		if follows || precedes {
			layout.WriteString(d.wide)
		} else {
			layout.WriteString(d.narrow)
		}
	}
	if format != "" && fields == 0 {
		return "", fmt.Errorf("has no directive (known: %s)", knownDirectives)
	}
	return layout.String(), nil
}

// isoLayouts are tried in turn where no format is given.
var isoLayouts = []string{time.RFC3339Nano, time.DateOnly, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04"}

func parseTime(text, layout string) (time.Time, bool) {
	text = strings.TrimSpace(text)
	if layout != "" {
		t, err := time.Parse(layout, text)
		return t.UTC(), err == nil
	}
	for _, l := range isoLayouts {
		if t, err := time.Parse(l, text); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}
