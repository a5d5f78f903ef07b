CREATE TABLE rows (id INTEGER PRIMARY KEY, name TEXT, part INTEGER, value REAL);
.mode csv
.import rows.csv rows
CREATE INDEX by_part ON rows (part);
SELECT part, count(*), round(avg(value), 3) FROM rows GROUP BY part HAVING count(*) > 20 ORDER BY 3 DESC LIMIT 5;
SELECT count(*) FROM rows a JOIN rows b ON a.part = b.part WHERE a.value < b.value AND a.id < 1500;
SELECT count(*) FROM rows WHERE name LIKE '%ten%' AND part IN (SELECT part FROM rows WHERE value > 900);
