package tplgenkey_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"mlops/needs"
	"mlops/runner/etl"
	"mlops/runner/etl/etltest"
	"mlops/runner/olga/genkey"
	"mlops/runner/table"
)

// writeText writes a file.
func writeText(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// index is the index, a map of the cells' texts a row.
func index(t testing.TB, root string) map[string]map[string]string {
	t.Helper()
	cases := etltest.ReadTable(t, filepath.Join(root, "cases", "metadata", "cases.parquet"))
	rows := map[string]map[string]string{}
	for i := range cases.NumRows() {
		row := map[string]string{}
		for _, c := range cases.Columns() {
			row[c.Name()] = c.Text(i)
			if c.IsNull(i) {
				row[c.Name()] = "null"
			}
		}
		rows[row["case"]] = row
	}
	return rows
}

// leakColumns are what the index says of the keyword file and of the leak.
var leakColumns = []string{
	"input_file", "case_title", "case_author", "case_project", "case_date", "case_info", "fluid", "case_end_s", "leaks",
	"leak_label", "leak_branch", "leak_pipe", "leak_position", "leak_position_m", "leak_diameter", "leak_diameter_m",
	"leak_opening", "leak_start_s", "leak_backpressure_pa", "leak_flow_max_kg_s", "leak_first_time", "leak_last_time",
}

func cells(row map[string]string, columns ...string) string {
	var list []string
	for _, c := range columns {
		list = append(list, row[c])
	}
	return strings.Join(list, "|")
}

// twoLeaks is a keyword file, in Windows-1252.
const twoLeaks = "CASE TITLE=\"F\xfaga 1\", AUTHOR=A, PROJECT=P, DATE=02/09/2022, INFO=\"as built\"\r\nINTEGRATION ENDTIME=3 M\r\n" +
	"NETWORKCOMPONENT TYPE=FLOWPATH, TAG=F\r\n PARAMETERS LABEL=Line\r\n BRANCH FLUID=DIESEL\r\n PIPE LABEL=\"P-1\", LENGTH=100 m, DIAMETER=8 in\r\n" +
	" LEAK LABEL=L1, ABSPOSITION=50 m, DIAMETER=0.5 in, BACKPRESSURE=1 barg, TIME=0 s\r\n" +
	" LEAK LABEL=L2, ABSPOSITION=70 m, DIAMETER=0 in, OPENING=1\r\nENDNETWORKCOMPONENT\r\n" +
	"NETWORKCOMPONENT TYPE=MANUALCONTROLLER, TAG=C\r\n PARAMETERS LABEL=Hand, TIME=(0, 60) s, SETPOINT=(0, 0.5)\r\nENDNETWORKCOMPONENT\r\n" +
	"CONNECTION TERMINALS = (C CONTR_1, F L1@VALVESIG)\r\nENDCASE\r\n"

func TestTheIndexTellsTheLeak(t *testing.T) {
	root := t.TempDir()
	in := filepath.Join(root, "in")
	write(t, filepath.Join(in, "leak.tpl"), "0 1e5 2 0\n1 2e5 3 -0.25\n2 3e5 4 -0.5\n3 3e5 4 0\n4 3e5 4 *****\n5 3e5 4 0.125\n6 3e5 4 0\n")
	write(t, filepath.Join(in, "none.tpl"), "0 1e5 2 0\n1 2e5 3 0\n")
	write(t, filepath.Join(in, "unpaired.tpl"), "0 1e5 2 0\n1 2e5 3 1\n")
	writeText(t, filepath.Join(in, "leak.genkey"), twoLeaks)
	writeText(t, filepath.Join(in, "none.genkey"), "! nothing\n")
	if _, err := run(t, root, "  source_folder: in\n  batch_size: 2\n"); err != nil {
		t.Fatal(err)
	}
	rows := index(t, root)
	for name, want := range map[string]string{
		"leak":     "x.genkey|Fúga 1|A|P|02/09/2022|as built|DIESEL|180|2|L1|Line|P-1|50 m|50|0.5 in|0.0127|0.5|60|201325|0.5|1|5",
		"none":     "x.genkey|null|null|null|null|null|null|null|0|null|null|null|null|null|null|null|null|null|null|0|null|null",
		"unpaired": "x.genkey|null|null|null|null|null|null|null|null|null|null|null|null|null|null|null|null|null|null|1|1|1",
	} {
		if d := cmp.Diff(want, cells(rows[name], leakColumns...)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}

	// All leaks stand in the case's metadata.
	for name, want := range map[string][]string{"leak": {"L1", "L2"}, "none": {}, "unpaired": nil} {
		var labels []string
		if text, ok := parquetMetadata(t, filepath.Join(root, "cases", name+".parquet"))["olga.leaks"]; ok {
			leaks := []genkey.Leak{}
			if err := json.Unmarshal([]byte(text), &leaks); err != nil {
				t.Fatal(err)
			}
			labels = []string{}
			for _, l := range leaks {
				labels = append(labels, l.Label)
			}
		}
		if d := cmp.Diff(want, labels); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func parquetMetadata(t testing.TB, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	shape, err := table.ParquetShape(f, info.Size(), table.ReadOptions{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	return shape.Metadata
}

func TestABadKeywordFileFailsItsCaseOrIsTold(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"its form":      {"CASE TITLE=\"x\nENDCASE\n", "a.genkey: line 1, character 12: the text is not closed by a quote"},
		"a leak's unit": {"LEAK DIAMETER=1 furlong\n", "a.genkey: line 1, character 15: \"furlong\" is no known unit of a length"},
		"the end":       {"INTEGRATION ENDTIME=1 m/s\n", "a.genkey: line 1, character 21: \"m/s\" is no known unit of a time"},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			write(t, filepath.Join(root, "in", "a.tpl"), "0 1 2 0\n1 2 3 1\n")
			writeText(t, filepath.Join(root, "in", "a.genkey"), c.text)
			if _, err := run(t, root, "  source_folder: in\n"); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("the error is %v", err)
			}
			result, err := run(t, root, "  source_folder: in\n  on_bad_genkey: warn\n")
			if err != nil {
				t.Fatal(err)
			}
			warnings := strings.Join(result.Outcomes[0].Warnings, "\n")
			if result.Outcomes[0].Status != etl.Done || !strings.Contains(warnings, c.want) || !strings.Contains(warnings, "nothing of it is in the index") {
				t.Errorf("outcome %+v", result.Outcomes[0])
			}
			if got := cells(index(t, root)["a"], "genkey", "leaks", "leak_label", "leak_first_time"); got != "a.genkey|null|null|1" {
				t.Errorf("the index has %s", got)
			}
		})
	}
}

func TestAFlowOfAnUnknownUnitIsTold(t *testing.T) {
	root := t.TempDir()
	path := filepath.Join(root, "in", "a.tpl")
	write(t, path, "0 1 2 0\n1 2 3 1\n")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	writeText(t, path, strings.Replace(string(text), "GTLEAK 'LEAK:' 'L' '(KG/S)'", "GTLEAK 'LEAK:' 'L' '(SLUG/FORTNIGHT)'", 1))
	result, err := run(t, root, "  source_folder: in\n  batch_size: 1\n")
	if err != nil {
		t.Fatal(err)
	}
	if w := result.Outcomes[0].Warnings; len(w) != 1 || !strings.Contains(w[0], `the unit "SLUG/FORTNIGHT" of the trend GTLEAK_LEAK_L is none of a mass flow`) {
		t.Errorf("warnings %v", w)
	}
	if got := cells(index(t, root)["a"], "leak_flow_max_kg_s", "leak_last_time"); got != "null|1" {
		t.Errorf("the index has %s", got)
	}
}

// The real pairs: two steady states and a shut-in whose leak has no hole, and two whose
// leak is open from 60 s to 120 s.
func TestTheIndexTellsRealLeaks(t *testing.T) {
	source := needs.RealData(t, "olga", "gasoline")
	root := t.TempDir()
	if _, err := run(t, root, "  source_folder: '"+source+"'\n  unpaired: fail\n"); err != nil {
		t.Fatal(err)
	}
	const about = "null|Jesus E Varajas|Supe|02/09/2022|"
	want := map[string]string{
		"Shut In/TPL/01":           "961|27|01.genkey|" + about + "Modelo|GASOLINA95|480|1|LEAK|Pipeline|PIPE-6|50 m|50|0 in|0|0|0|101325|0|null|null",
		"Steady State/D0/TPL/01":   "1801|33|01.genkey|" + about + "Modelo de parada, a partir del minuto 9 el sistema queda estable|GASOLINA95|180|1|LEAK|Pipeline|PIPE-6|50 m|50|0 in|0|0|0|101325|0|null|null",
		"Steady State/D0/TPL/0001": "1801|33|0001.genkey|" + about + "Modelo de parada, a partir del minuto 9 el sistema queda estable|GASOLINA95|180|1|LEAK|Pipeline|PIPE-6|48.53 m|48.53|1.010245 in|0.025660223000000003|1|60|101325|13.99405|60.1042|121.0135",
		"Steady State/D0/TPL/0002": "1801|33|0002.genkey|" + about + "Modelo de parada, a partir del minuto 9 el sistema queda estable|GASOLINA95|180|1|LEAK|Pipeline|PIPE-6|49.35 m|49.35|1.008643 in|0.025619532199999996|1|60|101325|13.79063|60.10466|121.0418",
	}
	want["Steady State/D0/TPL/02"] = strings.Replace(want["Steady State/D0/TPL/01"], "01.genkey", "02.genkey", 1)
	got := map[string]string{}
	for name, row := range index(t, root) {
		got[name] = cells(row, slices.Concat([]string{"rows", "trends"}, leakColumns)...)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// The flow of a leak that leaves the pipe is negative in OLGA's files.
func TestRealLeaksAreLabelledByTheirFlow(t *testing.T) {
	source := needs.RealData(t, "olga", "leak")
	root := t.TempDir()
	if _, err := run(t, root, "  source_folder: '"+source+"'\n"); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"Leak111": "1114|111.9046|60.55802|1389.625", "Leak112": "1119|109.6832|60.55802|1389.62", "Leak113": "1118|108.0217|60.55802|1389.393",
		"Leak114": "1119|107.503|60.55802|1389.573", "Leak115": "1119|103.1372|60.55802|1389.728", "Leak116": "1115|100.1625|60.55802|1389.981",
	}
	got := map[string]string{}
	for name, row := range index(t, root) {
		got[name] = cells(row, "leak_rows", "leak_flow_max_kg_s", "leak_first_time", "leak_last_time")
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
