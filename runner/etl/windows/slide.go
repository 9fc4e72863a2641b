package windows

// span is a window's rows [start, end) of its case.
type span struct{ start, end int64 }

// slider tells the windows of a case whose rows come one after another.
type slider struct {
	size, step int64
	tail       string
	rows       int64 // that have come
	next       int64 // start of the next window
	covered    int64 // end of the last one
}

// add takes n more rows and returns the windows that they complete.
func (s *slider) add(n int64) []span {
	s.rows += n
	var done []span
	for s.next+s.size <= s.rows {
		done = append(done, span{s.next, s.next + s.size})
		s.covered = s.next + s.size
		s.next += s.step
	}
	return done
}

// end returns the window of the short tail, if there is one.
func (s *slider) end() []span {
	switch {
	case s.tail == "drop" || s.rows <= s.covered || s.rows <= s.next:
		return nil
	case s.tail == "keep":
		return []span{{s.next, s.rows}}
	case s.tail == "shift" && s.rows >= s.size:
		return []span{{s.rows - s.size, s.rows}}
	}
	return nil
}

// needed is the first row that a later window may still begin with.
func (s *slider) needed() int64 {
	if s.tail == "shift" {
		return max(0, min(s.next, s.rows-s.size))
	}
	return min(s.next, s.rows)
}
