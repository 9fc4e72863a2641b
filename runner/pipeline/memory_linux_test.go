package pipeline

import "testing"

func TestTheHighWaterMarkOfAProcess(t *testing.T) {
	for status, want := range map[string]int64{
		"Name:\tx\nVmPeak:\t  99 kB\nVmHWM:\t    1234 kB\nVmRSS:\t 7 kB\n": 1234 << 10,
		"Name:\tx\nVmHWM:\t12 MB\n":                                        0,
		"Name:\tx\nVmHWM:\tmuch kB\n":                                      0,
		"Name:\tVmHWM:\n":                                                  0,
		"":                                                                 0,
	} {
		if got := parseHighWater([]byte(status)); got != want {
			t.Errorf("%q gives %d, want %d", status, got, want)
		}
	}
	if got := PeakRSS(); got < 1<<20 {
		t.Errorf("this process had %d bytes at most", got)
	}
}
