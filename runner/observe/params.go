package observe

import (
	"strconv"
	"strings"
	"time"

	"mlops/runner/config"
)

// limitParams are the parameters of a step that keeps a log.
type limitParams struct {
	MaxBytes    int    `yaml:"max_bytes" range:"[0,)" doc:"Bytes at which a segment of the log is closed; 0 means 8 MiB." example:"1048576"`
	MaxSegments int    `yaml:"max_segments" range:"[0,1000]" doc:"Closed segments that are kept; 0 means 4."`
	MaxAge      string `yaml:"max_age" doc:"Closed segments whose newest entry is older go: a time such as 90s, 12h or 7d; not given: 400d." example:"90d"`
}

// limits reads them; 0 means the log's default.
func limits(s config.Step, maxBytes, maxSegments int, maxAge string) (Limits, error) {
	l := Limits{MaxBytes: int64(maxBytes), MaxSegments: maxSegments}
	var err error
	if maxAge != "" {
		l.MaxAge, err = duration(s, "max_age", maxAge)
	}
	return l, err
}

// duration reads a positive time such as 90s, 12h or 7d.
func duration(s config.Step, param, text string) (time.Duration, error) {
	value, days := strings.CutSuffix(text, "d")
	var d time.Duration
	var err error
	if days {
		var n float64
		n, err = strconv.ParseFloat(value, 64)
		if n > 36500 {
			n = 36500 // a hundred years are for ever
		}
		d = time.Duration(n * float64(24*time.Hour))
	} else {
		d, err = time.ParseDuration(text)
	}
	if err != nil || d <= 0 {
		return 0, s.ErrorAt(param, "must be a time such as 90s, 12h or 7d, not %q", text)
	}
	return d, nil
}
