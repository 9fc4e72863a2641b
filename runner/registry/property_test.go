package registry_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"mlops/runner/registry"
)

// simple is what a registry means, without files.
type simple struct {
	next     int
	versions map[int]string
	aliases  map[string]int
	moves    []registry.Move
}

func (s *simple) move(alias string, to int) {
	s.moves = append(s.moves, registry.Move{Alias: alias, From: s.aliases[alias], To: to})
	if to == 0 {
		delete(s.aliases, alias)
	} else {
		s.aliases[alias] = to
	}
}

func (s *simple) latest() int { return slices.Max(append(slices.Collect(maps.Keys(s.versions)), 0)) }

func (s *simple) protected(n int) bool {
	return n == s.latest() || slices.Contains(slices.Collect(maps.Values(s.aliases)), n)
}

// TestARegistryIsASimpleModelWithFiles does random changes to a registry and to a
// simple model of it, with crashes' leavings in between, and compares.
func TestARegistryIsASimpleModelWithFiles(t *testing.T) {
	source := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(source, "registry-")
		if err != nil {
			rt.Fatal(err)
		}
		r := registry.New(dir, nil)
		model := map[string]*simple{}
		name := rapid.SampledFrom([]string{"churn", "leak"})
		alias := rapid.SampledFrom([]string{"champion", "challenger"})
		count := 0
		at := func(name string) *simple {
			if model[name] == nil {
				model[name] = &simple{next: 1, versions: map[int]string{}, aliases: map[string]int{}}
			}
			return model[name]
		}
		number := func(rt *rapid.T, s *simple) int { return rapid.IntRange(1, s.next).Draw(rt, "version") }
		register := func(rt *rapid.T) (string, int) {
			name := name.Draw(rt, "name")
			aliases := rapid.SliceOfNDistinct(alias, 0, 2, rapid.ID).Draw(rt, "aliases")
			count++
			text := fmt.Sprint(count)
			if err := os.WriteFile(filepath.Join(source, "model.txt"), []byte(text), 0o666); err != nil {
				rt.Fatal(err)
			}
			staged := filepath.Join(source, "deployment")
			if err := errors.Join(os.RemoveAll(staged), os.Mkdir(staged, 0o777), os.WriteFile(filepath.Join(staged, "model.txt"), []byte(text), 0o666)); err != nil {
				rt.Fatal(err)
			}
			v, err := r.Register(t.Context(), registry.Registration{Name: name, Dir: staged, Aliases: aliases})
			s := at(name)
			if err != nil || v.Number != s.next {
				rt.Fatalf("version %d, %v; want %d", v.Number, err, s.next)
			}
			s.versions[s.next] = text
			s.next++
			for _, a := range aliases {
				s.move(a, v.Number)
			}
			return name, v.Number
		}
		rt.Repeat(map[string]func(*rapid.T){
			"register": func(rt *rapid.T) { register(rt) },
			"promote": func(rt *rapid.T) {
				name, alias := name.Draw(rt, "name"), alias.Draw(rt, "alias")
				s := at(name)
				n := number(rt, s)
				_, err := r.Promote(t.Context(), registry.Promotion{To: registry.Ref{Name: name, Version: n}, Alias: alias})
				_, there := s.versions[n]
				if (err == nil) != there {
					rt.Fatalf("promote version %d: %v", n, err)
				}
				if there && s.aliases[alias] != n {
					s.move(alias, n)
				}
			},
			"delete": func(rt *rapid.T) {
				name, force := name.Draw(rt, "name"), rapid.Bool().Draw(rt, "force")
				s := at(name)
				n := number(rt, s)
				_, err := r.Delete(t.Context(), registry.Deletion{Ref: registry.Ref{Name: name, Version: n}, Force: force})
				_, there := s.versions[n]
				if want := there && (force || !s.protected(n)); (err == nil) != want {
					rt.Fatalf("delete version %d, force %v: %v", n, force, err)
				}
				if err == nil {
					for _, a := range slices.Sorted(maps.Keys(s.aliases)) {
						if s.aliases[a] == n {
							s.move(a, 0)
						}
					}
					delete(s.versions, n)
				}
			},
			"withdraw": func(rt *rapid.T) {
				name, n := register(rt)
				s := at(name)
				if err := r.Withdraw(t.Context(), name, n, ""); err != nil {
					rt.Fatal(err)
				}
				for _, a := range slices.Sorted(maps.Keys(s.aliases)) {
					if s.aliases[a] != n {
						continue
					}
					back := 0
					for _, m := range slices.Backward(s.moves) {
						if m.Alias == a && m.To == n {
							back = m.From
							break
						}
					}
					if _, there := s.versions[back]; !there {
						back = 0
					}
					s.move(a, back)
				}
				delete(s.versions, n)
			},
			"delete all": func(rt *rapid.T) {
				name := name.Draw(rt, "name")
				_, err := r.Delete(t.Context(), registry.Deletion{Ref: registry.Ref{Name: name}, Force: true})
				if there := len(at(name).versions) > 0; (err == nil) != there {
					rt.Fatalf("delete all: %v", err)
				}
				if err == nil {
					delete(model, name)
				}
			},
			"a crash": func(rt *rapid.T) {
				// It leaves what is half done of a version to come, and staging directories.
				name, _ := register(rt)
				for _, half := range []string{filepath.Join(name, fmt.Sprint(at(name).next)), ".staging-dead", ".trash-dead"} {
					if err := os.MkdirAll(filepath.Join(dir, half), 0o777); err != nil {
						rt.Fatal(err)
					}
				}
			},
			"": func(rt *rapid.T) { compare(rt, r, model) },
		})
	})
}

func compare(rt *rapid.T, r *registry.Registry, model map[string]*simple) {
	models, err := r.Models(rt.Context())
	if err != nil {
		rt.Fatal(err)
	}
	got := map[string]registry.Model{}
	for _, m := range models {
		got[m.Name] = m
	}
	for name, s := range model {
		m := got[name]
		delete(got, name)
		if len(m.Versions) != len(s.versions) {
			rt.Fatalf("%s has %d versions, want %d", name, len(m.Versions), len(s.versions))
		}
		if len(s.versions) == 0 {
			continue
		}
		if !maps.Equal(m.Aliases, s.aliases) {
			rt.Fatalf("%s has aliases %v, want %v", name, m.Aliases, s.aliases)
		}
		same := func(a, b registry.Move) bool { return a.Alias == b.Alias && a.From == b.From && a.To == b.To }
		if !slices.EqualFunc(m.History, s.moves, same) {
			rt.Fatalf("%s has the history %v, want %v", name, m.History, s.moves)
		}
		refs := map[registry.Ref]int{{Name: name}: s.latest(), {Name: name, Alias: registry.Latest}: s.latest()}
		for alias, n := range s.aliases {
			refs[registry.Ref{Name: name, Alias: alias}] = n
		}
		for n := range s.versions {
			refs[registry.Ref{Name: name, Version: n}] = n
		}
		for ref, n := range refs {
			v, dir, err := r.Resolve(ref)
			if err != nil || v.Number != n {
				rt.Fatalf("%s is version %d, %v; want %d", ref, v.Number, err, n)
			}
			if text, err := os.ReadFile(filepath.Join(dir, "model.txt")); err != nil || string(text) != s.versions[n] {
				rt.Fatalf("%s says %q, %v; want %q", ref, text, err, s.versions[n])
			}
		}
	}
	if len(got) > 0 {
		rt.Fatalf("there is more: %v", got)
	}
}
