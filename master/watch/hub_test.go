package watch_test

import (
	"testing"

	"mlops/master/watch"
)

func told(w *watch.Watcher) bool {
	select {
	case <-w.News():
		return true
	default:
		return false
	}
}

func TestNewsReachTheWatchersOfTheWorkflowOnly(t *testing.T) {
	var hub watch.Hub
	a, also, b := hub.Watch("a"), hub.Watch("a"), hub.Watch("b")
	defer a.Close()
	defer also.Close()
	defer b.Close()
	hub.Publish("a")
	if !told(a) || !told(also) || told(b) {
		t.Error("told the wrong watchers")
	}
}

func TestManyNewsAreToldAsOneAndNobodyIsHeldUp(t *testing.T) {
	var hub watch.Hub
	w := hub.Watch("a")
	defer w.Close()
	for range 100 {
		hub.Publish("a")
	}
	if !told(w) || told(w) {
		t.Error("want exactly one piece of news")
	}
}

func TestAClosedWatcherIsToldNothing(t *testing.T) {
	var hub watch.Hub
	w := hub.Watch("a")
	w.Close()
	w.Close()
	hub.Publish("a")
	if told(w) {
		t.Error("told after it was closed")
	}
}
