package genkey

import "io"

// ParseWithin parses within smaller limits, which are reached sooner.
func ParseWithin(in io.Reader, bytes int64, lineBytes, keywords, values int) (*Document, error) {
	return parse(in, "case.genkey", limits{bytes, lineBytes, keywords, values})
}
