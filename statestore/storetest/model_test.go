package storetest_test

import (
	"testing"

	"mlops/statestore"
	"mlops/statestore/storetest"
)

// modelFactory puts the model to its own suite.
type modelFactory struct{}

func (modelFactory) Open(*testing.T) statestore.Store {
	return storetest.NewModel(storetest.EventLimit)
}

func (modelFactory) Reopen(t *testing.T, s statestore.Store) statestore.Store {
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return s.(*storetest.Model).Reopen()
}

func TestModel(t *testing.T) { storetest.Run(t, modelFactory{}) }
