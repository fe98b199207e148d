assay verify --at 2026-01-01 --root qe-out-of-date/root.pem --collateral qe-out-of-date/collateral.json qe-out-of-date/quote.bin
