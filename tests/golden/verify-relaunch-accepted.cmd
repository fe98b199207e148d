assay verify --at 2026-01-01 --root old-launch/root.pem --collateral old-launch/collateral.json --accept UpToDate,TDRelaunchAdvised old-launch/quote.bin
