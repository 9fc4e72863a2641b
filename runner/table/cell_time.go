package table

import "math"

// parseTime parses an ISO 8601 date, or a date and time of day as RFC 3339 has
// them, to nanoseconds since the Unix epoch. The T may be a space, the seconds
// and the zone may be absent; without a zone the time is UTC. Instants that
// int64 nanoseconds cannot hold (before 1677 or after 2262) are refused.
func parseTime(b []byte) (int64, bool) {
	// YYYY-MM-DD[THH:MM[:SS[.fraction]][Z|±HH:MM]]
	if len(b) < 10 || b[4] != '-' || b[7] != '-' {
		return 0, false
	}
	year, ok1 := twoDigits(b)
	century := year
	year, ok2 := twoDigits(b[2:])
	year += century * 100
	month, ok3 := twoDigits(b[5:])
	day, ok4 := twoDigits(b[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return 0, false
	}
	seconds := daysFromCivil(year, month, day) * 86400
	if len(b) == 10 {
		return nanoseconds(seconds, 0)
	}
	if b[10] != 'T' && b[10] != ' ' && b[10] != 't' {
		return 0, false
	}
	ofDay, fraction, rest, ok := parseClock(b[11:])
	if !ok {
		return 0, false
	}
	offset, ok := parseZone(rest)
	if !ok {
		return 0, false
	}
	return nanoseconds(seconds+ofDay-offset, fraction)
}

// parseClock parses HH:MM[:SS[.fraction]] and returns what follows.
func parseClock(b []byte) (seconds, fraction int64, rest []byte, ok bool) {
	if len(b) < 5 || b[2] != ':' {
		return 0, 0, nil, false
	}
	hour, ok1 := twoDigits(b)
	minute, ok2 := twoDigits(b[3:])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, 0, nil, false
	}
	seconds = int64(hour*3600 + minute*60)
	b = b[5:]
	if len(b) == 0 || b[0] != ':' {
		return seconds, 0, b, true
	}
	second, ok3 := twoDigits(b[1:])
	if !ok3 || second > 59 {
		return 0, 0, nil, false
	}
	seconds += int64(second)
	b = b[3:]
	if len(b) == 0 || b[0] != '.' {
		return seconds, 0, b, true
	}
	b = b[1:]
	scale := int64(1_000_000_000)
	for len(b) > 0 && b[0]-'0' <= 9 {
		if scale == 1 { // finer than a nanosecond
			return 0, 0, nil, false
		}
		fraction = fraction*10 + int64(b[0]-'0')
		scale /= 10
		b = b[1:]
	}
	if scale == 1_000_000_000 { // no digit after the point
		return 0, 0, nil, false
	}
	return seconds, fraction * scale, b, true
}

// parseZone parses Z, ±HH:MM or nothing to seconds east of UTC.
func parseZone(b []byte) (int64, bool) {
	switch {
	case len(b) == 0:
		return 0, true
	case len(b) == 1:
		return 0, b[0] == 'Z' || b[0] == 'z'
	case len(b) != 6 || b[3] != ':' || b[0] != '+' && b[0] != '-':
		return 0, false
	}
	hour, ok1 := twoDigits(b[1:])
	minute, ok2 := twoDigits(b[4:])
	if !ok1 || !ok2 || hour > 23 || minute > 59 {
		return 0, false
	}
	offset := int64(hour*3600 + minute*60)
	if b[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func twoDigits(b []byte) (int, bool) {
	if len(b) < 2 || b[0]-'0' > 9 || b[1]-'0' > 9 {
		return 0, false
	}
	return int(b[0]-'0')*10 + int(b[1]-'0'), true
}

func daysIn(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil counts the days from 1970-01-01 in the proleptic Gregorian
// calendar (Howard Hinnant, "chrono-compatible low-level date algorithms").
func daysFromCivil(year, month, day int) int64 {
	if month <= 2 {
		year--
		month += 12
	}
	era := year / 400 // rounds down, as only January of year 0 lies below zero
	if year < 0 {
		era = -1
	}
	yearOfEra := year - era*400
	dayOfYear := (153*(month-3)+2)/5 + day - 1
	dayOfEra := yearOfEra*365 + yearOfEra/4 - yearOfEra/100 + dayOfYear
	return int64(era*146097 + dayOfEra - 719468)
}

// nanoseconds joins whole seconds and a fraction in [0, 1e9), refusing overflow.
func nanoseconds(seconds, fraction int64) (int64, bool) {
	const second = 1_000_000_000
	if seconds < 0 {
		// One second towards zero, so that the product of the lowest instant
		// does not overflow before its fraction is added.
		seconds++
		fraction -= second
	}
	if seconds > math.MaxInt64/second || seconds < math.MinInt64/second {
		return 0, false
	}
	whole := seconds * second
	sum := whole + fraction
	if fraction > 0 && sum < whole || fraction < 0 && sum > whole {
		return 0, false
	}
	return sum, true
}
