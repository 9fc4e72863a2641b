// Command generate writes the example table that the quick start trains on: the
// customers of an invented telephone company, and whether they left.
//
//	go run ./examples/generate > examples/churn.csv
//
// The rows follow from a fixed seed. Some cells are missing, as in life: usage
// more often for old contracts, age at random.
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"math"
	"math/rand/v2"
	"os"
)

const (
	customers = 2000
	seed      = 42
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	if err := write(out, customers); err != nil {
		log.Fatal(err)
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}

var (
	contracts = []string{"monthly", "one_year", "two_years"}
	payments  = []string{"card", "invoice", "transfer", "wallet"}
	regions   = []string{"north", "south", "east", "west", "islands"}
)

// write prints n customers as CSV with a header.
func write(w io.Writer, n int) error {
	if _, err := fmt.Fprintln(w, "age,tenure_months,monthly_fee,data_gb,support_calls,contract,payment,region,roaming,churned"); err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(seed, seed))
	for range n {
		if _, err := fmt.Fprintln(w, customer(r)); err != nil {
			return err
		}
	}
	return nil
}

// customer draws one row. What makes customers leave: short tenure, monthly
// contracts, many support calls, a fee that is high for the data used.
func customer(r *rand.Rand) string {
	age := 18 + r.IntN(62)
	tenure := int(r.ExpFloat64() * 24)
	contract := contracts[pick(r, 0.55, 0.25, 0.20)]
	payment := payments[r.IntN(len(payments))]
	region := regions[r.IntN(len(regions))]
	roaming := r.Float64() < 0.3
	data := math.Round(r.ExpFloat64()*120) / 10
	fee := math.Round((12+1.1*data+6*r.Float64())*100) / 100
	calls := int(r.ExpFloat64() * 1.6)

	risk := -1.9 + 0.62*float64(calls) - 0.045*float64(tenure) + 0.9*(fee-1.3*data-12)/6
	switch contract {
	case "monthly":
		risk += 1.3
	case "two_years":
		risk -= 1.4
	}
	if payment == "invoice" {
		risk += 0.5
	}
	if region == "islands" && roaming {
		risk += 1.5
	}
	churned := "no"
	if r.Float64() < 1/(1+math.Exp(-risk)) {
		churned = "yes"
	}

	ageCell := fmt.Sprint(age)
	if r.Float64() < 0.03 {
		ageCell = ""
	}
	dataCell := fmt.Sprint(data)
	if r.Float64() < 0.02+0.06*float64(min(tenure, 60))/60 {
		dataCell = ""
	}
	paymentCell := payment
	if r.Float64() < 0.02 {
		paymentCell = ""
	}
	return fmt.Sprintf("%s,%d,%.2f,%s,%d,%s,%s,%s,%t,%s",
		ageCell, tenure, fee, dataCell, calls, contract, paymentCell, region, roaming, churned)
}

// pick draws an index by weight; weights add up to one.
func pick(r *rand.Rand, weights ...float64) int {
	u := r.Float64()
	for i, w := range weights {
		if u < w {
			return i
		}
		u -= w
	}
	return len(weights) - 1
}
