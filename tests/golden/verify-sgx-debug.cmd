assay verify --at 2026-01-01 --root sgx-debug/root.pem --collateral sgx-debug/collateral.json sgx-debug/quote.bin
