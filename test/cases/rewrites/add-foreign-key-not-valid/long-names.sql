-- setup
CREATE TABLE parents (id int PRIMARY KEY);
CREATE TABLE "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" (id int PRIMARY KEY, "a_column_whose_name_is_exactly_sixty_three_bytes_long_as_it_goes" int, "ünïcödé_cölümn_ünïcödé_cölümn_ünïcödé_cöl" int);
INSERT INTO parents SELECT generate_series(1, 20);
INSERT INTO "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" SELECT i, i, i FROM generate_series(1, 20) i;
-- migration
ALTER TABLE "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" ADD FOREIGN KEY ("a_column_whose_name_is_exactly_sixty_three_bytes_long_as_it_goes") REFERENCES parents;
ALTER TABLE "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" ADD FOREIGN KEY ("ünïcödé_cölümn_ünïcödé_cölümn_ünïcödé_cöl") REFERENCES parents;
ALTER TABLE "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" ADD FOREIGN KEY ("ünïcödé_cölümn_ünïcödé_cölümn_ünïcödé_cöl") REFERENCES parents;
ALTER TABLE "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" ADD CHECK ("ünïcödé_cölümn_ünïcödé_cölümn_ünïcödé_cöl" > 0);
ALTER TABLE "a_table_whose_name_is_exactly_sixty_three_bytes_long_which_is_max" ALTER COLUMN "a_column_whose_name_is_exactly_sixty_three_bytes_long_as_it_goes" SET NOT NULL;
