printf '{"name":"x","docker_compose_file":"services: {}\\n","pre_launch_script":"true"}' >c.json; assay policy hash c.json; assay policy hash --json c.json; echo '[]' | assay policy hash -
